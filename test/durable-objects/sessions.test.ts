import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, MORNING, refusalOf, reservationOf, sessionOf, slot, TestMachine } from "../support/object.ts";

const quiet = { projected: false } as const;
const minutes = (at: number): number => Math.floor((at - MORNING) / MINUTE);

/** The events of the machine, oldest first. */
const events = (machine: TestMachine): Promise<{ type: string; data: Record<string, unknown> }[]> =>
  machine.inside((_, state) =>
    state.storage.sql
      .exec("SELECT body FROM events WHERE projected = 1 ORDER BY seq")
      .toArray()
      .map((row) => JSON.parse(String(row.body)).envelope),
  );

describe("a booked session", () => {
  test("starts the booking and ends it; the rest of the slot is free at once", async () => {
    const machine = await TestMachine.open(quiet);
    const { id } = await machine.booked(machine.ada, slot(0, 3));
    await machine.setClock(MORNING + 5 * MINUTE);
    const started = await machine.start(machine.ada, id);
    expect(sessionOf(started)).toMatchObject({
      reservation_id: id,
      planned_end_at: MORNING + 3 * HOUR,
      status: "active",
    });
    expect(reservationOf(started).status).toBe("active");
    await machine.setClock(MORNING + 50 * MINUTE);
    const ended = await machine.end(machine.ada, sessionOf(started).id);
    expect(sessionOf(ended)).toMatchObject({ status: "completed", job_successful: true, output_quality: "good" });
    expect(reservationOf(ended)).toMatchObject({ status: "completed", ...slot(0, 3) });
    await machine.booked(machine.bob, slot(1, 2));
    expect(refusalOf(await machine.end(machine.ada, sessionOf(started).id))).toMatchObject({
      code: "illegal_transition",
      status: "completed",
    });
    expect(refusalOf(await machine.start(machine.ada, id))).toMatchObject({
      code: "illegal_transition",
      status: "completed",
    });
  });

  test("may start fifteen minutes early on a free machine, and then blocks from there", async () => {
    const machine = await TestMachine.open(quiet);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING - 16 * MINUTE);
    expect(refusalOf(await machine.start(machine.ada, id)).code).toBe("too_early");
    await machine.setClock(MORNING - 10 * MINUTE);
    await machine.start(machine.ada, id);
    expect((await machine.occupancy()).map((each) => [minutes(each.blocked_from), minutes(each.blocked_to)])).toEqual([
      [-10, 60],
    ]);
  });

  test("does not start into somebody else's time", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { check_in: "optional", buffer_minutes: 5 } });
    await machine.booked(machine.bob, slot(-0.25, 0), { decide_before: Date.now() + 10_000 });
    const { id } = await machine.booked(machine.ada, slot(0.25, 1));
    await machine.setClock(MORNING + MINUTE);
    expect(refusalOf(await machine.start(machine.ada, id))).toMatchObject({
      code: "slot_taken",
      conflicts_with: slot(-0.25, 0),
    });
    await machine.setClock(MORNING + 5 * MINUTE);
    sessionOf(await machine.start(machine.ada, id));
  });

  test("is its holder's", async () => {
    const machine = await TestMachine.open(quiet);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING);
    expect(refusalOf(await machine.start(machine.bob, id)).code).toBe("forbidden");
    const { id: session_id, member_id } = sessionOf(await machine.start(machine.desk, id));
    expect(member_id).toBe(machine.ada.id);
    expect(refusalOf(await machine.end(machine.bob, session_id)).code).toBe("forbidden");
    expect(refusalOf(await machine.end(machine.bob, crypto.randomUUID())).code).toBe("not_found");
    sessionOf(await machine.end(machine.ada, session_id));
  });

  test("a machine that is down starts nothing", async () => {
    const machine = await TestMachine.open(quiet);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.configure({}, "offline");
    await machine.setClock(MORNING + 1);
    expect(refusalOf(await machine.start(machine.ada, id)).code).toBe("equipment_unavailable");
    expect(refusalOf(await machine.start(machine.ada, null, 10)).code).toBe("equipment_unavailable");
  });

  test("extending the booking extends the plan", async () => {
    const machine = await TestMachine.open(quiet);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 1);
    const started = await machine.start(machine.ada, id);
    await machine.amend(machine.ada, reservationOf(started), { ends_at: MORNING + 2 * HOUR });
    const { id: session_id } = sessionOf(started);
    expect((await machine.stub.session(session_id))?.planned_end_at).toBe(MORNING + 2 * HOUR);
    await machine.setClock(MORNING + HOUR + MINUTE);
    expect((await machine.stub.session(session_id))?.overrun_at).toBeNull();
  });
});

describe("a walk-up", () => {
  test("holds the machine for what was planned", async () => {
    const machine = await TestMachine.open(quiet);
    const { planned_end_at, started_at } = sessionOf(await machine.start(machine.ada, null, 25));
    expect(planned_end_at - started_at).toBe(25 * MINUTE);
    expect(refusalOf(await machine.reserve(machine.bob, slot(-0.75, 0))).code).toBe("slot_taken");
    await machine.booked(machine.bob, slot(-0.5, 0));
  });

  test("ends a buffer before the next start, but not before one's own", async () => {
    const policy = { buffer_minutes: 10 };
    const [machine, own] = [await TestMachine.open({ ...quiet, policy }), await TestMachine.open({ ...quiet, policy })];
    await machine.booked(machine.bob, slot(-0.5, 0));
    expect(minutes(sessionOf(await machine.start(machine.ada, null, 120)).planned_end_at)).toBe(-40);
    await own.booked(own.ada, slot(-0.5, 0));
    expect(minutes(sessionOf(await own.start(own.ada, null, 120)).planned_end_at)).toBe(-30);
  });

  test("is refused without a minute to spare, and told why", async () => {
    const machine = await TestMachine.open(quiet);
    await machine.booked(machine.bob, slot(0, 1));
    await machine.setClock(MORNING - 30_000);
    expect(refusalOf(await machine.start(machine.ada, null, 30))).toMatchObject({
      code: "slot_taken",
      conflicts_with: slot(0, 1),
    });
    await machine.setClock(MORNING + MINUTE);
    expect(refusalOf(await machine.start(machine.ada, null, 30))).toMatchObject({
      code: "slot_taken",
      conflicts_with: slot(0, 1),
    });
  });

  test("is bound to the longest time and to approval, not to the grid or notice", async () => {
    const machine = await TestMachine.open({
      ...quiet,
      policy: { max_minutes: 60, notice_minutes: 600, min_minutes: 30 },
    });
    expect(refusalOf(await machine.start(machine.ada, null, 61)).reasons[0]?.code).toBe("too_long");
    sessionOf(await machine.start(machine.ada, null, 7));
    const staffed = await TestMachine.open({ ...quiet, policy: { approval: "staff" } });
    expect(refusalOf(await staffed.start(staffed.ada, null, 30)).reasons[0]?.code).toBe("needs_approval");
    sessionOf(await staffed.start(staffed.desk, null, 30, { for: staffed.ada }));
  });

  test("fifty at once: one gets it", async () => {
    const machine = await TestMachine.open(quiet);
    const results = await Promise.all(Array.from({ length: 50 }, () => machine.start(machine.ada, null, 30)));
    expect(results.filter((each) => each.ok)).toHaveLength(1);
    expect(results.filter((each) => !each.ok && each.code === "equipment_busy")).toHaveLength(49);
  });

  test("ended early, its time is free; the buffer follows the use", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { buffer_minutes: 10 } });
    const { id, started_at } = sessionOf(await machine.start(machine.ada, null, 60));
    await machine.setClock(started_at + 20 * MINUTE);
    const ended = sessionOf(await machine.end(machine.ada, id));
    const refused = refusalOf(await machine.start(machine.bob, null, 15));
    expect(refused).toMatchObject({
      code: "slot_taken",
      conflicts_with: { starts_at: started_at, ends_at: ended.ended_at },
    });
    await machine.setClock(started_at + 31 * MINUTE);
    sessionOf(await machine.start(machine.bob, null, 15));
  });
});

describe("an overrun", () => {
  test("is flagged at the planned end and names the next holder within the hour", async () => {
    const machine = await TestMachine.open(quiet);
    const mine = await machine.booked(machine.ada, slot(0, 1));
    const next = await machine.booked(machine.bob, slot(1.5, 2));
    await machine.setClock(MORNING + 1);
    const { id } = sessionOf(await machine.start(machine.ada, mine.id));
    await machine.setClock(MORNING + HOUR + MINUTE);
    expect(await machine.stub.session(id)).toMatchObject({
      status: "active",
      overrun_at: MORNING + HOUR,
      collides_with: next.id,
    });
    expect((await machine.read(mine.id)).status).toBe("active");
    const overrun = (await events(machine)).find((each) => each.type === "session.overrun");
    expect(overrun?.data).toMatchObject({ next_reservation_id: next.id, next_member_id: machine.bob.id });
  });

  test("keeps others out until it ends; then the next one may start", async () => {
    const machine = await TestMachine.open(quiet);
    const mine = await machine.booked(machine.ada, slot(0, 1));
    const next = await machine.booked(machine.bob, slot(1, 2));
    await machine.setClock(MORNING + 1);
    const { id } = sessionOf(await machine.start(machine.ada, mine.id));
    await machine.setClock(MORNING + HOUR + 5 * MINUTE);
    expect(refusalOf(await machine.start(machine.bob, next.id)).code).toBe("equipment_busy");
    expect(refusalOf(await machine.start(machine.bob, null, 15)).code).toBe("equipment_busy");
    await machine.booked(machine.desk, slot(3, 4));
    await machine.end(machine.desk, id);
    expect((await machine.read(mine.id)).status).toBe("completed");
    sessionOf(await machine.start(machine.bob, next.id));
  });

  test("goes on looking: who comes into reach later is told then, each of them once", async () => {
    const machine = await TestMachine.open(quiet);
    const mine = await machine.booked(machine.ada, slot(0, 1));
    const first = await machine.booked(machine.bob, slot(2.5, 3));
    const second = await machine.booked(machine.bob, slot(4, 5));
    const told = async () =>
      (await events(machine))
        .filter((each) => each.type === "session.overrun")
        .map(({ data }) => data.next_reservation_id ?? null);
    await machine.setClock(MORNING + 1);
    const { id } = sessionOf(await machine.start(machine.ada, mine.id));
    await machine.setClock(MORNING + HOUR + MINUTE);
    expect([await told(), (await machine.stub.session(id))?.collides_with]).toEqual([[null], null]);
    await machine.setClock(MORNING + 1.5 * HOUR + MINUTE);
    expect([await told(), (await machine.stub.session(id))?.collides_with]).toEqual([[null, first.id], first.id]);
    await machine.setClock(MORNING + 3.25 * HOUR);
    expect([await told(), (await machine.stub.session(id))?.collides_with]).toEqual([
      [null, first.id, second.id],
      second.id,
    ]);
    await machine.end(machine.ada, id);
    expect(await told()).toHaveLength(3);
  });

  test("meets what is booked or moved into its way after it began", async () => {
    const machine = await TestMachine.open(quiet);
    const mine = await machine.booked(machine.ada, slot(0, 1));
    const far = await machine.booked(machine.bob, slot(8, 9));
    await machine.setClock(MORNING + 1);
    const { id } = sessionOf(await machine.start(machine.ada, mine.id));
    await machine.setClock(MORNING + HOUR + MINUTE);
    const soon = await machine.booked(machine.bob, slot(1.5, 2));
    expect((await machine.stub.session(id))?.collides_with).toBe(soon.id);
    await machine.step(machine.bob, "cancel", soon.id);
    reservationOf(await machine.amend(machine.bob, far, slot(2.5, 3.5)));
    await machine.setClock(MORNING + 1.5 * HOUR + MINUTE);
    expect((await machine.stub.session(id))?.collides_with).toBe(far.id);
    const named = (await events(machine)).map(({ data }) => data.next_reservation_id).filter(Boolean);
    expect(named).toEqual([soon.id, far.id]);
  });

  test("leaves nothing behind that holds no time any more", async () => {
    const machine = await TestMachine.open(quiet);
    const { id, planned_end_at } = sessionOf(await machine.start(machine.ada, null, 15));
    await machine.setClock(planned_end_at + MINUTE);
    await machine.end(machine.ada, id);
    expect(await machine.occupancy()).toEqual([]);
  });

  test("of a walk-up ends where it ends", async () => {
    const machine = await TestMachine.open(quiet);
    const { id, planned_end_at } = sessionOf(await machine.start(machine.ada, null, 15));
    await machine.setClock(planned_end_at + MINUTE);
    expect(await machine.stub.session(id)).toMatchObject({ overrun_at: planned_end_at, collides_with: null });
    expect(sessionOf(await machine.end(machine.ada, id)).ended_at).toBeGreaterThanOrEqual(planned_end_at + MINUTE);
  });
});
