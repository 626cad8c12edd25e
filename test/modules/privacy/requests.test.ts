/** How an erasure comes about: asked for, withdrawn, refused, begun, restarted; and how what it keeps comes of age. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { erasurePorts } from "../../../src/app.ts";
import { cronTasks } from "../../../src/background.ts";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import { DAY, MINUTE } from "../../../src/platform/time.ts";
import { blackHole, deliver } from "../../support/background.ts";
import { atInstant } from "../../support/club.ts";
import { faulty, inWorld } from "../../support/faults.ts";
import { nextMail } from "../../support/mail.ts";
import { makeKnown } from "../../support/personal.ts";
import { makeSpace, type Person, type TestSpace, until } from "../../support/space.ts";
import type { Erasure, Job, Member } from "../../support/wire.ts";

const pathOf = (space: TestSpace, { member }: Pick<Person, "member">): string =>
  space.path(`/members/${member.id}/erasure`);

/** The clock looks at an instant, and its message for this makerspace is delivered. */
async function look(space: TestSpace, now: number): Promise<number> {
  const taken: EventEnvelope[] = [];
  const task = cronTasks.find(({ name }) => name === "erasures");
  await inWorld({ EVENTS: blackHole(taken) as Queue }, async () => task?.run(now));
  const messages = taken.filter(({ makerspace_id, type }) => makerspace_id === space.id && type === "erasures.due");
  await atInstant(now, () => deliver(messages));
  return messages.length;
}

const reached = (space: TestSpace, person: Pick<Person, "member">, status: Erasure["status"]): Promise<Erasure> =>
  until(`the erasure to be ${status}`, async () => {
    const erasure = await space.root.get<Erasure>(pathOf(space, person));
    return erasure.status === status && erasure;
  });

describe("one's own request", () => {
  it("waits for seven days, is told by mail, can be withdrawn and made again; then it begins by itself", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const path = pathOf(space, ada);
    const asked = await ada.api.post<Erasure>(path);
    expect(asked).toMatchObject({ id: ada.member.id, status: "waiting", job_id: null, kept: [] });
    expect(Date.parse(asked.due_at) - Date.parse(asked.requested_at)).toBe(7 * DAY);
    expect((await nextMail(ada.email)).text).toContain("for seven days you can take that back");
    expect(await ada.api.post<Erasure>(path)).toMatchObject({ due_at: asked.due_at, version: 1 });
    expect(await look(space, Date.now() + 6 * DAY)).toBe(0);

    await ada.api.delete(path);
    expect((await ada.api.refused("DELETE", path)).code).toBe("illegal_transition");
    expect(await look(space, Date.now() + 8 * DAY)).toBe(0);
    expect(await ada.api.get<Member>(space.path("/members/me"))).toMatchObject({ status: "active" });

    expect(await ada.api.post<Erasure>(path)).toMatchObject({ status: "waiting", version: 3 });
    expect(await look(space, Date.now() + 8 * DAY)).toBe(1);
    await reached(space, ada, "done");
    expect((await ada.api.refused("GET", space.path("/members/me"))).code).toBe("not_found");
  });

  it("is one's own alone, and the last administrator's is refused", async () => {
    const space = await makeSpace();
    const [ada, ben, admin] = [await space.person(), await space.person(), await space.as("makerspace_admin")];
    const path = pathOf(space, ada);
    await ada.api.post(path);
    expect((await ben.api.refused("GET", path)).code).toBe("not_found");
    expect((await ben.api.refused("POST", path)).code).toBe("not_found");
    expect((await ben.api.refused("DELETE", path)).code).toBe("not_found");
    expect((await ben.api.refused("GET", space.path("/erasures"))).code).toBe("forbidden");
    expect((await admin.api.refused("POST", pathOf(space, admin))).code).toBe("last_administrator");
    const waiting = await admin.api.all<Erasure>(space.path("/erasures?status=waiting&limit=1"));
    expect(waiting.map(({ id }) => id)).toEqual([ada.member.id]);
  });
});

describe("an erasure that cannot begin", () => {
  it("says what stands in the way, changes nothing, and is tried again a day later", async () => {
    const space = await makeSpace();
    const [machine, ada] = [await space.machine(), await space.person()];
    const path = pathOf(space, ada);
    const session = await ada.api.post<{ id: string }>(space.path(`/equipment/${machine.id}/sessions`), {
      planned_minutes: 30,
    });
    await until("the session", async () => {
      const row = env.DB_000.prepare("SELECT 1 FROM sessions WHERE id = ?").bind(session.id);
      return (await row.first()) !== null;
    });
    const refused = await space.root.refused("POST", path);
    expect(refused).toMatchObject({ code: "erasure_blocked", reasons: [{ code: "session_running" }] });
    expect(await ada.api.get<Member>(space.path("/members/me"))).toMatchObject({ status: "active" });

    await ada.api.post(path);
    const due = Date.now() + 8 * DAY;
    await look(space, due);
    const waiting = await space.root.get<Erasure>(path);
    expect(waiting.status).toBe("waiting");
    expect(Date.parse(waiting.due_at)).toBeGreaterThan(due + DAY - MINUTE);
  });
});

describe("an erasure that breaks", () => {
  const steps = [...erasurePorts.works.map(({ name }) => name), "rows"];

  it.each(steps)("in the step %s goes on from there, and ends as one that did not", async (name) => {
    const known = await makeKnown();
    const { space, ada, member_id } = known;
    const work = erasurePorts.works.find((one) => one.name === name);
    const spies = erasurePorts.works.map((one) => vi.spyOn(one, "run"));
    if (work) vi.spyOn(work, "run").mockRejectedValueOnce(new Error("away"));
    const isLast = (statements: readonly string[]) => statements.some((text) => text.includes("erasure_keeps"));
    const broken = { isDone: false };
    const database = faulty(env.DB_000, {
      before: (statements) => {
        if (work || broken.isDone || !isLast(statements)) return;
        broken.isDone = true;
        throw new Error("D1_ERROR: away");
      },
    });
    // The job is run here, so that the fault is in its world.
    const taken: EventEnvelope[] = [];
    const { api } = await space.as("makerspace_admin");
    const queue = blackHole(taken) as Queue;
    const { through } = await import("../../support/faults.ts");
    await api.by(through({ EVENTS: queue })).post<Erasure>(pathOf(space, ada));
    const run = () =>
      inWorld({ DB_000: database, EVENTS: queue }, () =>
        deliver(
          taken.splice(0).filter(({ type, makerspace_id }) => type === "job.queued" && makerspace_id === space.id),
        ),
      );
    await run();
    const stuck = await space.root.get<Erasure>(pathOf(space, ada));
    expect(stuck).toMatchObject({ status: "running", done_at: null });
    expect(await space.root.get<Job>(space.path(`/jobs/${stuck.job_id}`))).toMatchObject({ status: "failed" });

    await api.by(through({ EVENTS: queue })).post<Erasure>(pathOf(space, ada));
    await run();
    expect(await space.root.get<Erasure>(pathOf(space, ada))).toMatchObject({ status: "done" });
    expect(await space.root.get<Member>(space.path(`/members/${member_id}`))).toMatchObject({ display_name: "Erased" });
    // Steps that were done were not repeated; the broken one was.
    const calls = spies.map((spy) => spy.mock.calls.filter(([store]) => store.makerspace_id === space.id).length);
    expect(calls).toEqual(erasurePorts.works.map((one) => (one.name === name ? 2 : 1)));
    vi.restoreAllMocks();
  });
});

describe("what an erasure keeps", () => {
  it("is deleted when its time is over, and not before", async () => {
    const known = await makeKnown();
    const { space, ada, member_id } = known;
    await space.root.post(pathOf(space, ada));
    const { kept } = await reached(space, ada, "done");
    const until_ = Math.max(...kept.flatMap(({ keep_until }) => (keep_until ? [Date.parse(keep_until)] : [])));
    const count = async (table: string): Promise<number> => {
      const row = env.DB_000.prepare(`SELECT count(*) AS n FROM ${table} WHERE member_id = ?`).bind(member_id);
      return (await row.first<{ n: number }>())?.n ?? -1;
    };
    const wall = env.DB_000.prepare("DELETE FROM memberships WHERE member_id = ?").bind(member_id).run();
    await expect(wall).rejects.toThrow(/kept|FOREIGN KEY/);
    await look(space, until_ - DAY);
    expect(await count("membership_transactions")).toBeGreaterThan(0);
    await look(space, until_ + 1);
    expect([await count("membership_transactions"), await count("memberships")]).toEqual([0, 0]);
    expect(await count("agreement_acceptances")).toBe(0);
    const after = await space.root.get<Erasure>(pathOf(space, ada));
    const ended = after.kept.filter(({ ended_at }) => ended_at !== null).map(({ data }) => data);
    expect(ended).toEqual(expect.arrayContaining(["membership_transactions", "memberships", "agreement_acceptances"]));
    const { results } = await env.DB_000.prepare("SELECT member_id FROM reservations WHERE makerspace_id = ?")
      .bind(space.id)
      .all<{ member_id: string }>();
    expect(results.map((row) => row.member_id)).not.toContain(member_id);
  });
});
