/** A machine out of service: what that refuses, what gives way to it, and when it is. */

import { describe, expect, test } from "vitest";
import { firstOutage, outUntil, stretchesOf } from "../../durable-objects/equipment/outages.ts";
import type { MachineMessage } from "../../src/modules/equipment/live.ts";
import type { Command, Displaced, OutageRecord } from "../../src/modules/equipment/port.ts";
import type { WeeklyWindows } from "../../src/platform/settings/hours.ts";
import { Zone } from "../../src/platform/zone.ts";
import {
  eventually,
  HOUR,
  MINUTE,
  MORNING,
  type Person,
  refusalOf,
  reservationOf,
  sessionOf,
  slot,
  TestMachine,
} from "../support/object.ts";
import { watch } from "../support/socket.ts";

const quiet = { projected: false } as const;

type Times = { starts_at: number; ends_at: number; weekly?: string | null };

/** Takes the machine out, of whom it meets now unless told. */
async function takeOut(machine: TestMachine, times: Times, displaced?: Displaced[], by: Person = machine.desk) {
  const at = { weekly: null, ...times };
  const met = (await machine.stub.affectedBy(at)).map(({ id, version }) => ({ reservation_id: id, version }));
  const outage_id = crypto.randomUUID();
  const command: Command = { type: "take_out", outage_id, reason: "New tube", ...at, displaced: displaced ?? met };
  return machine.send(by, command);
}

async function out(machine: TestMachine, times: Times): Promise<OutageRecord> {
  const result = await takeOut(machine, times);
  if (!result.ok || !result.outage) throw new Error(`refused: ${JSON.stringify(result)}`);
  return result.outage;
}

const saysOut = (result: Parameters<typeof refusalOf>[0]) => {
  const { code, reasons } = refusalOf(result);
  return [code, reasons[0]?.code, reasons[0]?.fix];
};

const refreshOf = ({ sql }: DurableObjectStorage): unknown =>
  sql.exec("SELECT due_at FROM timers WHERE ref = 'refresh'").toArray()[0]?.due_at;

describe("an outage", () => {
  test("meets every booking in its way, more than are read at once", async () => {
    const machine = await TestMachine.open({ projected: false, policy: { min_minutes: 15, granularity_minutes: 15 } });
    const quarter = (n: number) => slot(1 + n / 4, 1 + (n + 1) / 4);
    const booked = await Promise.all(Array.from({ length: 430 }, (_, n) => machine.booked(machine.ada, quarter(n))));
    const met = await machine.stub.affectedBy({ ...slot(1.5, 1 + 427 / 4), weekly: null });
    expect(met.map(({ id }) => id)).toEqual(booked.slice(2, 427).map(({ id }) => id));
  });

  test("stands before every door, with when the machine is back; beside it everything goes on", async () => {
    const machine = await TestMachine.open(quiet);
    const { ada, bob, desk } = machine;
    const before = await machine.booked(ada, slot(1, 2));
    await out(machine, slot(2, 4));
    const back = ["equipment_unavailable", "outage", `It is back at ${new Date(slot(2, 4).ends_at).toISOString()}.`];
    expect(saysOut(await machine.reserve(bob, slot(3, 5)))).toEqual(back);
    expect(saysOut(await machine.reserve(desk, slot(3, 5), { for: bob }))).toEqual(back);
    const hold: Command = { type: "hold", hold_id: crypto.randomUUID(), ...slot(3.5, 4.5) };
    expect(saysOut(await machine.send(bob, hold))).toEqual(back);
    expect(saysOut(await machine.amend(ada, before, { ends_at: slot(1, 3).ends_at }))).toEqual(back);
    expect(saysOut(await machine.amend(desk, before, slot(3, 4)))).toEqual(back);
    const later = await machine.booked(bob, slot(4, 5));
    const facts = {
      decide_before: Date.now() + 10_000,
      policy_versions: { makerspace: 0, equipment: 0, hours: 0 },
      holder: bob.facts,
      gates: machine.gates,
    };
    const actor = { kind: "member", id: bob.id, authority: "own" } as const;
    const explained = await machine.stub.explain({ ...slot(3, 4), actor, facts });
    expect(explained?.reasons.map(({ code }) => code)).toEqual(["outage"]);
    const { busy } = await machine.stub.availability(MORNING, MORNING + 6 * HOUR);
    expect(busy).toEqual([
      { ...slot(1, 2), because: "reservation" },
      { ...slot(2, 4), because: "outage" },
      { ...slot(4, 5), because: "reservation" },
    ]);

    // A walk-up ends before it; during it nothing starts, not even early what is booked after it.
    await machine.setClock(slot(0.5, 1).starts_at);
    await machine.amend(ada, await machine.read(before.id), slot(0.75, 1));
    await machine.setClock(slot(1.5, 2).starts_at);
    const walkUp = sessionOf(await machine.start(bob, null, 120));
    expect(walkUp.planned_end_at).toBe(slot(2, 4).starts_at);
    await machine.end(bob, walkUp.id);
    await machine.setClock(slot(4, 5).starts_at - 5 * MINUTE);
    expect(saysOut(await machine.start(bob, null, 30))).toEqual(back);
    expect(saysOut(await machine.start(bob, later.id))).toEqual(back);
    await machine.setClock(slot(4, 5).starts_at);
    expect(sessionOf(await machine.start(bob, later.id)).reservation_id).toBe(later.id);
  });

  test("ends the bookings in its way and lets holds go, in one step and without a fee; what is in use goes on", async () => {
    const machine = await TestMachine.open();
    const { ada, bob, desk } = machine;
    const used = await machine.booked(ada, slot(0, 1));
    await machine.setClock(MORNING);
    sessionOf(await machine.start(ada, used.id));
    const met = await machine.booked(bob, slot(2, 3));
    const beside = await machine.booked(bob, slot(4, 5));
    const hold_id = crypto.randomUUID();
    await machine.send(ada, { type: "hold", hold_id, ...slot(1, 2) });
    const result = await takeOut(machine, slot(0.5, 4));
    expect(result).toMatchObject({ ok: true, cancelled: 1, outage: { status: "open", created_by: desk.id } });
    expect(await machine.read(met.id)).toMatchObject({
      status: "cancelled",
      cancelled_by: "outage",
      outage_id: result.ok && result.outage?.id,
      note: "New tube",
      counted_minutes: 0,
    });
    expect([(await machine.read(used.id)).status, (await machine.read(beside.id)).status]).toEqual([
      "active",
      "approved",
    ]);
    expect(await machine.stub.hold(hold_id)).toBeNull();

    await eventually(async () => (await machine.d1("outages")).length === 1);
    const [row] = await machine.d1<{ status: string; reason: string }>("outages");
    expect(row).toMatchObject({ status: "open", reason: "New tube" });
    const rows = await machine.d1<{ id: string; cancelled_by: string | null }>("reservations");
    expect(rows.find(({ id }) => id === met.id)?.cancelled_by).toBe("outage");
  });

  test("names exactly those whom somebody has seen: one more, one less or a newer one, and nothing happens", async () => {
    const machine = await TestMachine.open(quiet);
    const { ada, bob } = machine;
    const first = await machine.booked(ada, slot(1, 2));
    const seen = [{ reservation_id: first.id, version: first.version }];
    expect(refusalOf(await takeOut(machine, slot(1, 4), [])).code).toBe("plan_stale");
    reservationOf(await machine.amend(ada, first, { purpose: "Gears" }));
    expect(refusalOf(await takeOut(machine, slot(1, 4), seen)).code).toBe("plan_stale");
    const newer = { reservation_id: first.id, version: first.version + 1 };
    await machine.booked(bob, slot(3, 4));
    expect(refusalOf(await takeOut(machine, slot(1, 4), [newer])).code).toBe("plan_stale");
    expect((await machine.read(first.id)).status).toBe("approved");
    expect((await takeOut(machine, slot(1, 3), [newer])).ok).toBe(true);
  });

  test("is changed by the version that was seen, lifted at once, and over when it is over", async () => {
    const machine = await TestMachine.open(quiet);
    const { ada, bob, desk } = machine;
    const outage = await out(machine, slot(1, 3));
    const met = await machine.booked(bob, slot(3, 4));
    const change = (by: Partial<Command>, version = outage.version): Command =>
      ({ type: "amend_outage", outage_id: outage.id, if_version: version, displaced: [], ...by }) as Command;
    expect(refusalOf(await machine.send(desk, change({}, 9))).code).toBe("stale_version");
    expect(refusalOf(await machine.send(desk, change({ ends_at: slot(1, 4).ends_at }))).code).toBe("plan_stale");
    const displaced = [{ reservation_id: met.id, version: met.version }];
    const longer = await machine.send(desk, change({ ends_at: slot(1, 4).ends_at, displaced }));
    expect(longer).toMatchObject({ ok: true, cancelled: 1, outage: { version: 2 } });
    const shorter = await machine.send(desk, change({ ends_at: slot(1, 2).ends_at }, 2));
    expect(shorter).toMatchObject({ ok: true, cancelled: 0 });
    expect((await machine.reserve(ada, slot(2, 3))).ok).toBe(true);
    const lift: Command = { type: "lift_outage", outage_id: outage.id };
    expect(await machine.send(desk, lift)).toMatchObject({
      ok: true,
      outage: { status: "lifted", lifted_by: desk.id },
    });
    expect(await machine.send(desk, lift)).toMatchObject({ ok: true, outage: { version: 4 } });
    expect((await machine.reserve(ada, slot(1, 2))).ok).toBe(true);

    const next = await out(machine, slot(5, 6));
    await machine.setClock(slot(6, 7).starts_at);
    expect(refusalOf(await machine.send(desk, { type: "lift_outage", outage_id: next.id })).code).toBe(
      "outage_refused",
    );
    expect(refusalOf(await takeOut(machine, slot(5, 6))).reasons[0]?.code).toBe("in_the_past");
  });

  test("is kept under its key, survives nothing of a refusal, and an excused booking does not come back into it", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { check_in: "required" } });
    const { ada, desk } = machine;
    const missed = await machine.booked(ada, slot(1, 3));
    await machine.setClock(slot(1, 3).starts_at);
    await machine.step(desk, "no_show", missed.id);
    const command: Command = {
      type: "take_out",
      outage_id: "o1",
      reason: "x",
      weekly: null,
      displaced: [],
      ...slot(2, 4),
    };
    const first = await machine.send(desk, command, { key: "k" });
    const again = await machine.send(
      desk,
      { ...command, outage_id: "o2" },
      { key: "k", fingerprint: JSON.stringify(command) },
    );
    expect([first, again]).toMatchObject([
      { replayed: false, outage: { id: "o1" } },
      { replayed: true, outage: { id: "o1" } },
    ]);
    expect(await machine.stub.outage("o2")).toBeNull();
    expect(reservationOf(await machine.step(desk, "excuse", missed.id)).status).toBe("completed");
  });

  test("shows on sockets and on the board from its start to its end, beside a session that goes on", async () => {
    const machine = await TestMachine.open(quiet);
    const { ada } = machine;
    const socket = await watch<MachineMessage>(() => machine.stub, { audience: "member", id: ada.id });
    await machine.setClock(MORNING);
    await out(machine, slot(1, 2));
    const seen = async (): Promise<unknown[]> => {
      const { last } = socket;
      const heard = last?.type === "event" ? last.event.type : undefined;
      return [heard, last?.state?.status, last?.state?.out_until];
    };
    const shows = (...expected: unknown[]) =>
      eventually(async () => JSON.stringify(await seen()) === JSON.stringify(expected));
    await shows("outage.created", "available", null);
    await machine.setClock(slot(1, 2).starts_at);
    await shows("machine.refreshed", "out_of_service", new Date(slot(1, 2).ends_at).toISOString());
    // The board has heard of it, too, and says when time alone changes it again.
    await eventually(async () => (await machine.inside((_, { storage }) => refreshOf(storage))) === slot(1, 2).ends_at);
    await machine.setClock(slot(1, 2).ends_at);
    await shows("machine.refreshed", "available", null);
  });
});

describe("a recurring outage", () => {
  const at = (iso: string): number => Date.parse(iso);
  const windows: WeeklyWindows = { sun: [{ from: "01:30", to: "04:00" }] };
  const record = (starts_at: number, ends_at: number, weekly: WeeklyWindows | null): OutageRecord => ({
    id: "o",
    equipment_id: "m",
    status: "open",
    starts_at,
    ends_at,
    weekly: weekly && JSON.stringify(weekly),
    reason: "x",
    created_by: "s",
    lifted_by: null,
    lifted_at: null,
    created_at: 0,
    updated_at: 0,
    version: 1,
  });

  test.each([
    // Zone, a Sunday on which the clocks go forward or back, and when 01:30 to 04:00 of the wall clock is that day.
    ["Europe/Berlin", "2027-03-28", "2027-03-28T00:30:00Z", "2027-03-28T02:00:00Z"],
    ["Europe/Berlin", "2027-10-31", "2027-10-30T23:30:00Z", "2027-10-31T03:00:00Z"],
    ["America/New_York", "2027-03-14", "2027-03-14T06:30:00Z", "2027-03-14T08:00:00Z"],
    ["America/New_York", "2027-11-07", "2027-11-07T05:30:00Z", "2027-11-07T09:00:00Z"],
    ["Asia/Kolkata", "2027-03-28", "2027-03-27T20:00:00Z", "2027-03-27T22:30:00Z"],
  ])("keeps the wall clock of %s on %s", (name, day, from, to) => {
    const zone = new Zone(name);
    const outage = record(at(`${day}T00:00:00Z`) - 10 * 24 * HOUR, at(`${day}T00:00:00Z`) + 10 * 24 * HOUR, windows);
    const hit = stretchesOf(outage, zone, at(from) - HOUR, at(to) + HOUR);
    // In New York half past one comes twice in autumn, with an hour of one o'clock between.
    const spans = hit.map(({ starts_at, ends_at }) => [
      new Date(starts_at).toISOString(),
      new Date(ends_at).toISOString(),
    ]);
    expect([spans[0]?.[0], spans.at(-1)?.[1]]).toEqual([at(from), at(to)].map((ms) => new Date(ms).toISOString()));
    expect(firstOutage([outage], zone, { starts_at: at(from) - HOUR, ends_at: at(from) })).toBeNull();
    expect(firstOutage([outage], zone, { starts_at: at(to), ends_at: at(to) + HOUR })).toBeNull();
    expect(outUntil([outage], zone, at(to) - MINUTE)).toBe(at(to));
  });

  test("takes its windows alone; outages in a row count as one", async () => {
    const machine = await TestMachine.open(quiet);
    const { ada } = machine;
    const day = (["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const)[new Date(MORNING).getUTCDay()] ?? "mon";
    const weekly = JSON.stringify({ [day]: [{ from: "09:00", to: "10:00" }] });
    const beside = await machine.booked(ada, slot(3, 4));
    await out(machine, { starts_at: MORNING - HOUR, ends_at: MORNING + 21 * 24 * HOUR, weekly });
    expect((await machine.read(beside.id)).status).toBe("approved");
    expect(saysOut(await machine.reserve(ada, slot(1.5, 2.5)))).toContain("outage");
    const week = 7 * 24 * HOUR;
    const inWeeks = (n: number) => ({
      starts_at: slot(1, 2).starts_at + n * week,
      ends_at: slot(1, 2).ends_at + n * week,
    });
    expect(saysOut(await machine.reserve(ada, inWeeks(2)))).toContain("outage");
    expect((await machine.reserve(ada, inWeeks(3))).ok).toBe(true);
    await out(machine, slot(2, 3));
    expect(saysOut(await machine.reserve(ada, slot(1, 1.5)))[2]).toBe(
      `It is back at ${new Date(slot(2, 3).ends_at).toISOString()}.`,
    );
  });
});
