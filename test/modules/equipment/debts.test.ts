/** What machines are owed: settings that change at once, and retirements that died half-way. Nothing is lost on the way. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { pushPolicies, sharedParts } from "../../../src/modules/equipment/index.ts";
import { settingsSource } from "../../../src/modules/settings/index.ts";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { loadSystemSpace } from "../../../src/platform/system-space.ts";
import { MINUTE } from "../../../src/platform/time.ts";
import { tick } from "../../support/background.ts";
import { awayNamespace, faulty, through } from "../../support/faults.ts";
import { codes } from "../../support/scene.ts";
import { makeSpace, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Equipment, Job, Makerspace } from "../../support/wire.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const change = (space: TestSpace, patch: object, api = space.root): Promise<Makerspace> =>
  api.get<Makerspace>(space.path()).then(({ version }) => api.patch<Makerspace>(space.path(), patch, version));

const owed = async (space: TestSpace): Promise<number> => {
  const rows = env.DB_000.prepare("SELECT 1 FROM policy_pushes WHERE makerspace_id = ?").bind(space.id);
  return (await rows.all()).results.length;
};

/** Nothing answers there: changes are committed, and stay owed. */
const away = () => through({ EQUIPMENT: awayNamespace(env.EQUIPMENT) });

describe("a change of settings", () => {
  it("is not settled by somebody who had read older settings", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const space = await makeSpace();
    const machine = await space.machine();
    const work = { actor_id: "policy", request_id: "a test", now: Date.now() };
    const earlier = await loadSystemSpace(new SpaceStore(space.id, "000"), settingsSource, work);
    if (!earlier) throw new Error("no settings");
    const changed = await change(space, { booking_policy: { max_minutes: 60 } }, space.root.by(away()));
    expect([changed.policy_applied, await owed(space)]).toEqual([false, 1]);
    expect(await pushPolicies(earlier, sharedParts(earlier.settings))).toBe(false);
    expect(await owed(space)).toBe(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + MINUTE });
    await tick("minute");
    vi.useRealTimers();
    await until("the end of the debt", async () => (await owed(space)) === 0);
    const { api } = await space.as("user");
    expect(codes(await space.book(api, machine, slotIn(48, 240)))).toEqual(["too_long"]);
  });

  it("is settled by whoever comes, once the machine has it", async () => {
    const space = await makeSpace();
    const work = { actor_id: "policy", request_id: "a test", now: Date.now() };
    const { id } = await space.machine();
    const earlier = await loadSystemSpace(new SpaceStore(space.id, "000"), settingsSource, work);
    if (!earlier) throw new Error("no settings");
    await change(space, { show_holder: "none" });
    await space.root.by(away()).patch(space.path(`/equipment/${id}`), { name: "Renamed" });
    expect(await owed(space)).toBe(1);
    expect(await pushPolicies(earlier, sharedParts(earlier.settings), id)).toBe(true);
    expect(await owed(space)).toBe(0);
  });

  it("of the name alone is nothing to the machines, nor is a change that changes nothing", async () => {
    const space = await makeSpace();
    const { id } = await space.machine({ max_minutes: 60 });
    const nobody = space.root.by(away());
    expect((await change(space, { name: "Another" }, nobody)).policy_applied).toBe(true);
    const same = { description: "Fine", policy: { max_minutes: 60 } };
    expect((await nobody.patch<Equipment>(space.path(`/equipment/${id}`), same)).policy_applied).toBe(true);
    expect(await owed(space)).toBe(0);
  });

  it("and one of a machine that would contradict each other are not both made, whoever writes first", async () => {
    const rules = async (space: TestSpace, { id }: Equipment) => {
      const { booking_policy } = await space.root.get<Makerspace>(space.path());
      const { policy } = await space.root.get<Equipment>(space.path(`/equipment/${id}`));
      return { ...booking_policy, ...policy };
    };
    /** A world in which something happens between what a request has read and what it writes. */
    const just = (statement: string, work: () => Promise<unknown>) => {
      let isDone = false;
      const before = async (statements: readonly string[]) => {
        if (isDone || !statements.some((text) => text.startsWith(statement))) return;
        isDone = true;
        await work();
      };
      return through({ DB_000: faulty(env.DB_000, { before }) });
    };
    const space = await makeSpace();
    const machine = await space.machine();
    const path = space.path(`/equipment/${machine.id}`);
    const longer = { policy: { min_minutes: 60 } };
    const shorter = { booking_policy: { max_minutes: 30 } };
    const first = just('update "equipment"', () => change(space, shorter));
    const refused = await space.root.by(first).refused("PATCH", path, { body: longer });
    expect([refused.status, refused.code]).toEqual([409, "conflict"]);
    expect(await rules(space, machine)).toMatchObject({ min_minutes: 15, max_minutes: 30 });
    // Tried again, it is told why.
    expect((await space.root.refused("PATCH", path, { body: longer })).code).toBe("invalid_body");

    const other = await makeSpace();
    const own = await other.machine();
    const second = just('update "makerspace_settings"', () =>
      other.root.patch(other.path(`/equipment/${own.id}`), longer),
    );
    const options = { body: shorter, if_match: other.makerspace.version };
    expect((await other.root.by(second).refused("PATCH", other.path(), options)).code).toBe("conflict");
    expect(await rules(other, own)).toMatchObject({ min_minutes: 60, max_minutes: 480 });

    const third = await makeSpace();
    const body = { code: "L1", name: "Laser", category: "laser_cutter", ...longer };
    const added = just('insert into "equipment"', () => change(third, shorter));
    expect((await third.root.by(added).refused("POST", third.path("/equipment"), { body })).code).toBe("conflict");
  });

  it("is refused when it would contradict what a machine says of its own, until that is taken back", async () => {
    const space = await makeSpace();
    const { id, code } = await space.machine({ min_minutes: 60 });
    const { version } = space.makerspace;
    const body = { booking_policy: { max_minutes: 30 } };
    const refused = await space.root.refused("PATCH", space.path(), { body, if_match: version });
    expect(refused).toMatchObject({ code: "invalid_body", errors: [{ pointer: "/booking_policy" }] });
    expect(refused.errors?.[0]?.detail).toContain(code);
    const path = space.path(`/equipment/${id}`);
    const freed = await space.root.patch<Equipment>(path, { policy: { min_minutes: null, buffer_minutes: 5 } });
    expect(freed.policy).toEqual({ buffer_minutes: 5 });
    expect(freed.effective_policy).toMatchObject({ min_minutes: 15, buffer_minutes: 5 });
    expect((await space.root.patch<Makerspace>(space.path(), body, version)).booking_policy?.max_minutes).toBe(30);
  });
});

describe("a retirement", () => {
  /** The object is told, then the database goes away. */
  async function dyingRetirement() {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.spyOn(console, "error").mockImplementation(() => {});
    const space = await makeSpace();
    const machine = await space.machine({}, { external_id: "erp-1" });
    const before = (statements: readonly string[]): void => {
      if (statements.some((text) => /update "equipment"/i.test(text))) throw new Error("D1_ERROR: gone");
    };
    const path = space.path(`/equipment/${machine.id}`);
    const broken = through({ DB_000: faulty(env.DB_000, { before }) });
    expect((await space.root.by(broken).send("DELETE", path)).status).toBe(500);
    expect((await space.root.get<Equipment>(path)).retired_at).toBeNull();
    return { space, machine, path };
  }

  it("that died half-way can be repeated, also after a change of settings", async () => {
    const { space, machine, path } = await dyingRetirement();
    await change(space, { show_holder: "none" });
    const { api } = await space.as("user");
    expect((await space.book(api, machine, slotIn(24))).problem?.code).toBe("equipment_retired");
    await space.root.delete(path);
    expect(await space.root.get<Equipment>(path)).toMatchObject({ retired_at: expect.any(String), version: 2 });
    expect(await owed(space)).toBe(0);
    expect((await space.machine({}, { code: machine.code, external_id: "erp-1" })).external_id).toBe("erp-1");
    const both = await space.root.all<Equipment>(space.path("/equipment?external_id=erp-1&retired=include"));
    expect(both).toHaveLength(2);
  });

  it("that died half-way is written down by the reconciler", async () => {
    const { space, path } = await dyingRetirement();
    const { api } = await space.as("makerspace_admin");
    const { id } = await api.post<Job>(space.path("/reconciliations"));
    const job = await until("the end of the job", async () => {
      const found = await api.get<Job>(space.path(`/jobs/${id}`));
      return found.status === "succeeded" && found;
    });
    expect(job.result).toMatchObject({ retired: 1, failed: 0 });
    expect((await space.root.get<Equipment>(path)).retired_at).not.toBeNull();
  });

  it("that five ask for at once happens once", async () => {
    const space = await makeSpace();
    const { id } = await space.machine();
    const path = space.path(`/equipment/${id}`);
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => space.root.send("DELETE", path)));
    expect(answers.map((answer) => answer.status)).toEqual([204, 204, 204, 204, 204]);
    const { results } = await env.DB_000.prepare(
      "SELECT seq FROM audit_log WHERE makerspace_id = ? AND action = 'equipment.retired'",
    )
      .bind(space.id)
      .all();
    expect(results).toHaveLength(1);
  });
});

describe("the prices of a machine", () => {
  it("do not change their currency one without the other", async () => {
    const space = await makeSpace();
    const money = (amount_minor: number, currency: string) => ({ amount_minor, currency });
    const { id } = await space.machine({}, { hourly_rate: money(1250, "EUR"), deposit_required: money(5000, "EUR") });
    const path = space.path(`/equipment/${id}`);
    const refused = await space.root.refused("PATCH", path, { body: { hourly_rate: money(900, "USD") } });
    expect(refused).toMatchObject({ code: "invalid_body", errors: [{ pointer: "/deposit_required" }] });
    const both = { hourly_rate: money(900, "USD"), deposit_required: null };
    expect(await space.root.patch<Equipment>(path, both)).toMatchObject(both);
    const deposit = { deposit_required: money(100, "INR"), hourly_rate: null };
    expect(await space.root.patch<Equipment>(path, deposit)).toMatchObject(deposit);
  });
});
