import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, MORNING, refusalOf, slot, TestMachine } from "../support/object.ts";

const quiet = { projected: false } as const;
const codes = (reasons: { code: string }[]): string[] => reasons.map((each) => each.code);

describe("buffers", () => {
  const buffered = { ...quiet, policy: { buffer_minutes: 30 } } as const;

  test("nobody else may start within the buffer after a booking", async () => {
    const machine = await TestMachine.open(buffered);
    await machine.booked(machine.ada, slot(0, 1));
    const tooSoon = refusalOf(await machine.reserve(machine.bob, slot(1, 2)));
    expect(tooSoon).toMatchObject({ code: "slot_taken", conflicts_with: slot(0, 1) });
    await machine.booked(machine.bob, slot(1.5, 2));
  });

  test("a booking whose own buffer runs into another's start is refused", async () => {
    const machine = await TestMachine.open(buffered);
    await machine.booked(machine.ada, slot(2, 3));
    expect(refusalOf(await machine.reserve(machine.bob, slot(1, 2)))).toMatchObject({ conflicts_with: slot(2, 3) });
    await machine.booked(machine.bob, slot(0.5, 1.5));
  });

  test("consecutive bookings of one member need none; it comes back when the later one goes", async () => {
    const machine = await TestMachine.open(buffered);
    await machine.booked(machine.ada, slot(0, 1));
    const later = await machine.booked(machine.ada, slot(1, 2));
    const ends = async () => (await machine.occupancy()).map((each) => (each.blocked_to - MORNING) / HOUR);
    expect(await ends()).toEqual([1, 2.5]);
    await machine.step(machine.ada, "cancel", later.id);
    expect(await ends()).toEqual([1.5]);
  });

  test("it comes back only as far as the next booking", async () => {
    const machine = await TestMachine.open(buffered);
    await machine.booked(machine.ada, slot(0, 1));
    const middle = await machine.booked(machine.ada, slot(1, 1.25));
    await machine.booked(machine.ada, slot(1.25, 2));
    await machine.step(machine.ada, "cancel", middle.id);
    expect((await machine.occupancy()).map((each) => (each.blocked_to - MORNING) / HOUR)).toEqual([1.25, 2.5]);
  });

  test("booking before one's own booking trims the new one", async () => {
    const machine = await TestMachine.open(buffered);
    await machine.booked(machine.ada, slot(1, 2));
    await machine.booked(machine.ada, slot(0, 1));
    expect((await machine.occupancy()).map((each) => (each.blocked_to - MORNING) / HOUR)).toEqual([1, 2.5]);
  });

  test("a move takes the trim along", async () => {
    const machine = await TestMachine.open(buffered);
    await machine.booked(machine.ada, slot(0, 1));
    const later = await machine.booked(machine.ada, slot(1, 2));
    expect(await machine.amend(machine.ada, later, { starts_at: MORNING + 1.25 * HOUR })).toMatchObject({ ok: true });
    expect((await machine.occupancy()).map((each) => (each.blocked_to - MORNING) / HOUR)).toEqual([1.25, 2.5]);
    const moved = await machine.read(later.id);
    expect(await machine.amend(machine.ada, moved, slot(4, 5))).toMatchObject({ ok: true });
    expect((await machine.occupancy()).map((each) => (each.blocked_to - MORNING) / HOUR)).toEqual([1.5, 5.5]);
  });
});

describe("amend", () => {
  test("a booking may move over its own old place", async () => {
    const machine = await TestMachine.open(quiet);
    const booked = await machine.booked(machine.ada, slot(0, 2));
    const moved = await machine.amend(machine.ada, booked, slot(1, 3));
    expect(moved).toMatchObject({ ok: true, reservation: { ...slot(1, 3), version: 2, status: "approved" } });
    await machine.booked(machine.bob, slot(0, 1));
  });

  test("what it was read as must be what it is", async () => {
    const machine = await TestMachine.open(quiet);
    const booked = await machine.booked(machine.ada, slot(0, 2));
    await machine.amend(machine.ada, booked, slot(1, 3));
    expect(refusalOf(await machine.amend(machine.ada, booked, slot(4, 5))).code).toBe("stale_version");
  });

  test("a move into somebody else's time is refused and changes nothing", async () => {
    const machine = await TestMachine.open(quiet);
    const booked = await machine.booked(machine.ada, slot(0, 1));
    await machine.booked(machine.bob, slot(2, 3));
    expect(refusalOf(await machine.amend(machine.ada, booked, slot(2.5, 3.5)))).toMatchObject({
      conflicts_with: slot(2, 3),
    });
    expect(await machine.read(booked.id)).toEqual(booked);
    expect(await machine.occupancy()).toHaveLength(2);
  });

  test("a purpose changes without touching the time", async () => {
    const machine = await TestMachine.open(quiet);
    const booked = await machine.booked(machine.ada, slot(0, 1));
    expect(await machine.amend(machine.ada, booked, { purpose: "a lamp" })).toMatchObject({
      reservation: { purpose: "a lamp", ...slot(0, 1), version: 2 },
    });
    expect(refusalOf(await machine.amend(machine.bob, booked, { purpose: "mine" })).code).toBe("forbidden");
  });

  test("shortening needs no notice, moving does", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { notice_minutes: 45 } });
    const booked = await machine.booked(machine.ada, slot(0, 2));
    await machine.setClock(MORNING - 5 * MINUTE);
    const refused = refusalOf(
      await machine.amend(machine.ada, booked, { starts_at: MORNING + HOUR / 4, ends_at: MORNING + 3 * HOUR }),
    );
    expect(codes(refused.reasons)).toEqual(["notice_too_short"]);
    expect(await machine.amend(machine.ada, booked, { ends_at: MORNING + HOUR })).toMatchObject({ ok: true });
  });

  test("a pending booking stays pending under a new expiry", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { approval: "staff" } });
    const booked = await machine.booked(machine.ada, slot(0, 1));
    const moved = await machine.amend(machine.ada, booked, slot(5, 6));
    expect(moved).toMatchObject({ reservation: { status: "pending", expires_at: MORNING + 5 * HOUR } });
  });

  test("where staff approved, a member may give time back but take no other", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { approval: "staff" } });
    const pending = await machine.booked(machine.ada, slot(0, 2));
    await machine.step(machine.desk, "approve", pending.id);
    const approved = await machine.read(pending.id);
    const refused = refusalOf(await machine.amend(machine.ada, approved, slot(1, 3)));
    expect(codes(refused.reasons)).toEqual(["needs_new_approval"]);
    const shorter = await machine.amend(machine.ada, approved, { ends_at: MORNING + HOUR });
    expect(shorter).toMatchObject({ reservation: { status: "approved", ...slot(0, 1) } });
    const longer = await machine.amend(machine.desk, await machine.read(pending.id), slot(3, 5));
    expect(longer).toMatchObject({ reservation: { status: "approved", ...slot(3, 5) } });
  });

  test("of a running booking only the end changes; shortening frees the rest", async () => {
    const machine = await TestMachine.open(quiet);
    const booked = await machine.booked(machine.ada, slot(0, 3));
    await machine.setClock(MORNING + 20 * MINUTE);
    const active = await machine.read(booked.id);
    expect(active.status).toBe("active");
    expect(codes(refusalOf(await machine.amend(machine.ada, active, slot(1, 3))).reasons)).toEqual(["already_started"]);
    expect(refusalOf(await machine.amend(machine.ada, active, { ends_at: MORNING + 10 * MINUTE })).code).toBe(
      "booking_refused",
    );
    await machine.amend(machine.ada, active, { ends_at: MORNING + HOUR });
    await machine.booked(machine.bob, slot(1, 2));
    const shortened = await machine.read(booked.id);
    expect(refusalOf(await machine.amend(machine.ada, shortened, { ends_at: MORNING + 2 * HOUR })).code).toBe(
      "slot_taken",
    );
    await machine.setClock(MORNING + HOUR);
    expect((await machine.read(booked.id)).status).toBe("completed");
  });
});
