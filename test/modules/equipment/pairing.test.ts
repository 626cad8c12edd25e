/** Pairing and revoking against each other, and against a world that fails half-way. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Api } from "../../support/api.ts";
import { awayNamespace, faulty, slowNamespace, through } from "../../support/faults.ts";
import { LiveSocket } from "../../support/live.ts";
import { makeSpace, type TestSpace, until } from "../../support/space.ts";
import type { Equipment, LiveTicket, PairedTablet, PairingTablet, Tablet } from "../../support/wire.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const announce = (space: TestSpace, machine: Equipment): Promise<PairingTablet> =>
  space.root.post<PairingTablet>(space.path("/tablets"), { equipment_ids: [machine.id] });

const pair = (code: string, api = new Api()) =>
  api.send<PairedTablet>("POST", "/api/v1/tablets/pair", {
    body: { code },
    headers: { "cf-connecting-ip": crypto.randomUUID() },
  });

/** Whether the board holds a credential for this tablet. */
const isKnown = (space: TestSpace, { id }: { id: string }): Promise<boolean> =>
  runInDurableObject(env.FLOOR.getByName(`${space.id}:floor`), (_, { storage }) => {
    const found = storage.sql.exec("SELECT token_digest FROM tablets WHERE tablet_id = ? AND token_digest <> ''", id);
    return found.toArray().length > 0;
  });

describe("a pairing", () => {
  it("that is overtaken by a revocation leaves no credential behind", async () => {
    const space = await makeSpace();
    const announced = await announce(space, await space.machine());
    const slow = new Api().by(through({ FLOOR: slowNamespace(env.FLOOR, () => 400) }));
    const pairing = pair(announced.pairing_code, slow);
    await scheduler.wait(100);
    await space.root.delete(space.path(`/tablets/${announced.id}`));
    expect((await pairing).problem?.code).toBe("code_used");
    expect(await isKnown(space, announced)).toBe(false);
  });

  it("that slips into a revocation under way is revoked by it", async () => {
    const space = await makeSpace();
    const announced = await announce(space, await space.machine());
    const path = space.path(`/tablets/${announced.id}`);
    const slow = space.root.by(through({ FLOOR: slowNamespace(env.FLOOR, () => 400) }));
    const revoking = slow.delete(path);
    // The board has been told once, the row not yet.
    await scheduler.wait(550);
    const paired = await pair(announced.pairing_code);
    expect(paired.status).toBe(201);
    await revoking;
    expect(await space.root.get<Tablet>(path)).toMatchObject({ status: "revoked" });
    expect(await isKnown(space, announced)).toBe(false);
    expect((await new Api(paired.body?.token).refused("GET", space.path())).status).toBe(401);
  });

  it("that fails on its way can be tried again with the same code", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const space = await makeSpace();
    const machine = await space.machine();
    const { pairing_code } = await announce(space, machine);
    const before = (statements: readonly string[]): void => {
      if (statements.some((text) => /update "tablets"/i.test(text))) throw new Error("D1_ERROR: gone");
    };
    const worlds = [{ DB_000: faulty(env.DB_000, { before }) }, { FLOOR: awayNamespace(env.FLOOR) }];
    for (const world of worlds) {
      expect((await pair(pairing_code, new Api().by(through(world)))).status).toBeGreaterThanOrEqual(500);
    }
    const paired = await pair(pairing_code);
    expect(paired.status).toBe(201);
    const api = new Api(paired.body?.token);
    expect((await api.get<Equipment>(space.path(`/equipment/${machine.id}`))).id).toBe(machine.id);
  });
});

describe("a revocation", () => {
  it("voids unused tickets of machines that nobody watches, and says when it could not", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const space = await makeSpace();
    const machine = await space.machine();
    const { api, tablet } = await space.tablet(machine);
    const ticket = await api.post<LiveTicket>(space.path(`/equipment/${machine.id}/live_tickets`));
    const path = space.path(`/tablets/${tablet.id}`);
    const away = space.root.by(through({ EQUIPMENT: awayNamespace(env.EQUIPMENT) }));
    expect(await away.refused("DELETE", path)).toMatchObject({ status: 503, code: "unavailable" });
    expect((await api.refused("GET", space.path())).code).toBe("unauthenticated");
    await space.root.delete(path);
    expect((await LiveSocket.use(ticket)).status).toBe(401);
    await until("the row", async () => (await space.root.get<Tablet>(path)).status === "revoked");
  });
});
