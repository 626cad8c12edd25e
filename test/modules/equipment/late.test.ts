/** What comes late: a name that changed, a ticket under way, a batch behind another, an object that lost its memory. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import type { Consumers } from "../../../src/platform/queue.ts";
import type { Page } from "../../support/api.ts";
import { deliverTo } from "../../support/background.ts";
import { connectionLost, faulty, slowNamespace, through } from "../../support/faults.ts";
import { LiveSocket } from "../../support/live.ts";
import { inObject, makeScene } from "../../support/scene.ts";
import { iso, makeSpace, slotIn, until } from "../../support/space.ts";
import type { Equipment, Job, LiveTicket, Reservation, Session } from "../../support/wire.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a member who does not want to be named any more", () => {
  it("is taken off the tablets beside what they have booked already", async () => {
    const { space, machine, ada } = await makeScene();
    const tablet = await space.tablet(machine);
    await space.booked(ada.api, machine, slotIn(0));
    const live = space.path(`/equipment/${machine.id}`);
    const shown = async (): Promise<string> => (await LiveSocket.open(tablet.api, live)).heard(/snapshot/);
    expect(await shown()).toContain("A. B.");
    await space.root.patch(space.path(`/members/${ada.member.id}`), { hide_name: true });
    await until("the name to go", async () => !(await shown()).includes("A. B."));
  });
});

describe("a tablet that is revoked while its ticket is under way", () => {
  it("gets no socket of the machine", async () => {
    const space = await makeSpace();
    const machine = await space.machine();
    const { api, tablet } = await space.tablet(machine);
    const slow = api.by(through({ EQUIPMENT: slowNamespace(env.EQUIPMENT, () => 800) }));
    const asked = slow.send("POST", space.path(`/equipment/${machine.id}/live_tickets`));
    await scheduler.wait(300);
    await space.root.delete(space.path(`/tablets/${tablet.id}`));
    expect((await asked).problem?.code).toBe("unauthenticated");
  });

  it("gets none of the board", async () => {
    const space = await makeSpace();
    const { api, tablet } = await space.tablet(await space.machine());
    let calls = 0;
    const slow = api.by(through({ FLOOR: slowNamespace(env.FLOOR, () => (calls++ === 0 ? 0 : 800)) }));
    const asked = slow.send<LiveTicket>("POST", space.path("/floor/live_tickets"));
    await scheduler.wait(300);
    await space.root.delete(space.path(`/tablets/${tablet.id}`));
    expect((await asked).problem?.code).toBe("unauthenticated");
  });
});

describe("a reader who goes on from the newest change", () => {
  it("misses nothing that was under way", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const other = await space.machine();
    await inObject(space, machine, (object) => {
      const { project } = object.ports;
      const late = async (batch: Parameters<typeof project>[0]): Promise<void> => {
        await scheduler.wait(900);
        await project(batch);
      };
      object.ports = { ...object.ports, project: late };
    });
    const changes = async (): Promise<string[]> => {
      const path = space.path(`/reservations?updated_since=${iso(Date.now() - 60_000)}`);
      return (await desk.api.get<Page<Reservation>>(path)).data.map((row) => row.id);
    };
    const slow = await space.booked(ada.api, machine, slotIn(1));
    const quick = await space.booked(ben.api, other, slotIn(1));
    expect(await changes()).toEqual([quick.id]);
    await until("the slow one", async () => (await changes()).length === 2);
    expect(await changes()).toEqual([quick.id, slow.id]);
  });

  it("is shown no rows that machines do not know", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const { id } = await space.booked(ada.api, machine, slotIn(1));
    await env.DB_000.prepare("UPDATE reservations SET orphan = 1 WHERE id = ?").bind(id).run();
    const changed = space.path("/reservations?updated_since=2020-01-01T00:00:00Z");
    expect((await ben.api.get<Page<Reservation>>(changed)).data).toEqual([]);
    expect((await desk.api.get<Page<Reservation>>(`${changed}&orphans=include`)).data).toHaveLength(1);
  });
});

describe("a machine that lost its memory", () => {
  it("is found by the reconciler: what only D1 knows is shown as such", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { space, machine, ada, desk } = await makeScene();
    await space.booked(ada.api, machine, slotIn(1));
    const object = env.EQUIPMENT.getByName(`${space.id}:${machine.id}`);
    await runInDurableObject(object, async (_, state) => {
      await state.storage.deleteAll();
      state.abort("as after a restore to before its first day");
    }).catch(() => {});
    const { id } = await space.root.post<Job>(space.path("/reconciliations"));
    const job = await until("the job", async () => {
      const found = await space.root.get<Job>(space.path(`/jobs/${id}`));
      return found.status === "succeeded" && found;
    });
    expect(job.result).toMatchObject({ orphans: 1, failed: 0 });
    expect((await desk.api.get<Page<Reservation>>(space.path("/reservations"))).data).toEqual([]);
  });

  it("is not in use by a session that it does not know", async () => {
    const { space, machine, ada, desk } = await makeScene();
    const path = space.path(`/equipment/${machine.id}`);
    const { id } = await ada.api.post<Session>(`${path}/sessions`, { planned_minutes: 30 });
    await until("the session", async () => (await desk.api.get<Equipment>(path)).in_use);
    await env.DB_000.prepare("UPDATE sessions SET orphan = 1 WHERE id = ?").bind(id).run();
    expect((await desk.api.get<Equipment>(path)).in_use).toBe(false);
  });
});

describe("a change of rules whose push cannot begin", () => {
  it("is made, and says that machines have yet to hear of it", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const space = await makeSpace();
    const machine = await space.machine();
    let isCommitted = false;
    const DB_000 = faulty(env.DB_000, {
      before: (statements) => {
        if (isCommitted && statements.some((sql) => /from "policy_pushes"/.test(sql))) throw connectionLost();
      },
      after: (statements) => {
        isCommitted ||= statements.some((sql) => /update "equipment"/i.test(sql));
      },
    });
    const path = space.path(`/equipment/${machine.id}`);
    const answer = await space.root.by(through({ DB_000 })).patch<Equipment>(path, { policy: { max_minutes: 60 } });
    expect(answer.policy_applied).toBe(false);
    expect((await space.root.get<Equipment>(path)).policy.max_minutes).toBe(60);
  });
});

describe("a handler that takes long", () => {
  it("holds up nobody else's events", async () => {
    const space = await makeSpace();
    const done: string[] = [];
    const handler = (name: string, ms: number) => [
      {
        name,
        async handle() {
          await scheduler.wait(ms);
          done.push(name);
          return [];
        },
      },
    ];
    const own: Partial<Consumers> = { "job.queued": handler("slow", 1_500), "member.added": handler("quick", 0) };
    const subject = { type: "test", id: "1", version: 1 };
    const envelope = (type: string, id: string): EventEnvelope => ({
      id,
      type,
      v: 1,
      makerspace_id: space.id,
      subject,
      actor_id: "test",
      request_id: "test-request",
      occurred_at: 0,
      data: {},
    });
    const marks = () =>
      env.DB_000.prepare("SELECT handler FROM processed_events WHERE makerspace_id = ?").bind(space.id);
    const delivered = deliverTo(
      own,
      envelope("job.queued", `${space.id}:1`),
      envelope("member.added", `${space.id}:2`),
    );
    await scheduler.wait(700);
    expect((await marks().all()).results).toEqual([{ handler: "quick" }]);
    await delivered;
    expect(done).toEqual(["quick", "slow"]);
  });
});

describe("a request that is repeated with its key", () => {
  it("is answered with what it did, though it would be refused now", async () => {
    const { space, machine, ada, desk } = await makeScene({ approval: "staff" });
    const [key, approval] = [crypto.randomUUID(), crypto.randomUUID()];
    const body = slotIn(24);
    const made = await space.book(desk.api, machine, { ...body, member_id: ada.member.id }, { key });
    const asked = await space.booked(ada.api, machine, slotIn(28));
    const approved = await space.step(desk.api, asked, "approve", { key: approval });
    await space.root.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "a test" });
    const again = await space.book(desk.api, machine, { ...body, member_id: ada.member.id }, { key });
    expect([again.status, again.body]).toEqual([201, made.body]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const approvedAgain = await space.step(desk.api, asked, "approve", { key: approval });
    expect([approvedAgain.status, approvedAgain.body]).toEqual([200, approved.body]);
    const afresh = await space.book(desk.api, machine, { ...slotIn(32), member_id: ada.member.id });
    expect(afresh.problem?.code).toBe("booking_refused");
  });
});
