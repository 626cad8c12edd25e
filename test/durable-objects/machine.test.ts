import { describe, expect, test } from "vitest";
import type { ReservationRecord } from "../../src/modules/equipment/port.ts";
import { DAY } from "../../src/platform/time.ts";
import { HOUR, MINUTE, MORNING, refusalOf, slot, TestMachine } from "../support/object.ts";

const quiet = { projected: false } as const;

describe("availability and lists", () => {
  test("free time, and why the rest is not", async () => {
    const machine = await TestMachine.open({
      ...quiet,
      policy: { buffer_minutes: 30, notice_minutes: 60, horizon_days: 1 },
    });
    await machine.setClock(MORNING - HOUR);
    await machine.booked(machine.desk, slot(1, 2), { for: machine.ada });
    const { free, busy } = await machine.stub.availability(MORNING - 2 * HOUR, MORNING + 30 * HOUR);
    expect(
      free.map(({ starts_at, ends_at }) => [
        Math.round((starts_at - MORNING) / MINUTE),
        Math.round((ends_at - MORNING) / MINUTE),
      ]),
    ).toEqual([
      [0, 60],
      [150, 23 * 60],
    ]);
    expect(busy.map((each) => each.because)).toEqual(["past", "notice", "reservation", "buffer", "horizon"]);
  });

  test("a machine that is down is unavailable until local midnight", async () => {
    const machine = await TestMachine.open({ ...quiet, status: "offline", timezone: "Asia/Kolkata" });
    const { free } = await machine.stub.availability(MORNING, MORNING + DAY);
    expect(free).toEqual([{ starts_at: MORNING + 10.5 * HOUR, ends_at: MORNING + DAY }]);
  });

  test("a page of the schedule goes on after the last one seen", async () => {
    const machine = await TestMachine.open(quiet);
    const made: ReservationRecord[] = [];
    for (let hour = 0; hour < 6; hour++) made.push(await machine.booked(machine.ada, slot(hour, hour + 1)));
    await machine.step(machine.ada, "cancel", made[2]?.id ?? "");
    const query = { starts_from: MORNING, starts_to: MORNING + 5 * HOUR, statuses: null, after: null, limit: 2 };
    const first = await machine.stub.reservations(query);
    expect(first.map((each) => each.id)).toEqual(made.slice(0, 2).map((each) => each.id));
    const after = { starts_at: MORNING + HOUR, id: made[1]?.id ?? "" };
    const rest = await machine.stub.reservations({ ...query, after, limit: 10 });
    expect(rest.map((each) => each.id)).toEqual(made.slice(2, 5).map((each) => each.id));
    const open = await machine.stub.reservations({ ...query, statuses: ["approved"], limit: 10 });
    expect(open.map((each) => each.id)).toEqual([0, 1, 3, 4].map((index) => made[index]?.id));
  });
});

describe("retirement and sweeps", () => {
  test("open bookings keep a machine; without them it is gone for good", async () => {
    const machine = await TestMachine.open(quiet);
    const booked = await machine.booked(machine.ada, slot(0, 1));
    expect(refusalOf(await machine.send(machine.desk, { type: "retire" })).code).toBe("has_open_reservations");
    await machine.step(machine.ada, "cancel", booked.id);
    expect(await machine.send(machine.desk, { type: "retire" })).toMatchObject({ ok: true });
    expect(refusalOf(await machine.reserve(machine.ada, slot(0, 1))).code).toBe("equipment_retired");
    expect(refusalOf(await machine.start(machine.ada, null, 30)).code).toBe("equipment_retired");
    expect(await machine.send(machine.desk, { type: "retire" })).toMatchObject({ ok: true });
    expect((await machine.read(booked.id)).status).toBe("cancelled");
    const { free, busy } = await machine.stub.availability(MORNING, MORNING + HOUR);
    expect([free, busy[0]?.because]).toEqual([[], "retired"]);
  });

  test("settings that it never got change nothing about it, and hold its retirement up neither", async () => {
    const machine = await TestMachine.open(quiet);
    const versions = { makerspace: 99, equipment: 99 };
    expect(await machine.send(machine.desk, { type: "retire" }, { versions })).toMatchObject({ ok: true });
    expect(refusalOf(await machine.reserve(machine.ada, slot(0, 1), { versions })).code).toBe("equipment_retired");
    expect(await machine.send(machine.desk, { type: "retire" }, { versions })).toMatchObject({ ok: true });
  });

  test("a running session keeps it, too", async () => {
    const machine = await TestMachine.open(quiet);
    await machine.start(machine.ada, null, 30);
    expect(refusalOf(await machine.send(machine.desk, { type: "retire" })).code).toBe("has_open_reservations");
  });

  test("a sweep cancels what is ahead and leaves what has begun", async () => {
    const machine = await TestMachine.open(quiet);
    const running = await machine.booked(machine.ada, slot(0, 1));
    const ahead = await machine.booked(machine.ada, slot(2, 3));
    const others = await machine.booked(machine.bob, slot(4, 5));
    await machine.setClock(MORNING + 1);
    const swept = await machine.send(machine.desk, {
      type: "sweep_member",
      member_id: machine.ada.id,
      note: "suspended",
    });
    expect(swept).toMatchObject({ ok: true, cancelled: 1 });
    expect((await machine.read(running.id)).status).toBe("active");
    expect(await machine.read(ahead.id)).toMatchObject({ status: "cancelled", note: "suspended" });
    expect((await machine.read(others.id)).status).toBe("approved");
  });
});
