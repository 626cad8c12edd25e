/** Everything that can be done to a machine in the model test: each step asks the naive machine and the object, and they must agree. */

import { evictDurableObject } from "cloudflare:test";
import type fc from "fast-check";
import { expect } from "vitest";
import { overlaps, type ReservationStep, stepsTo } from "../../src/modules/equipment/model.ts";
import type { CommandResult } from "../../src/modules/equipment/port.ts";
import type { NaiveMachine } from "./naive-machine.ts";
import type { NaiveBooking, NaiveKept, Verdict } from "./naive-rules.ts";
import { cancelSeries as cancelNaively, reserveSeries as reserveNaively } from "./naive-series.ts";
import { MINUTE, MORNING, type Person, silentPorts, type TestMachine } from "./object.ts";

export const TICK = 5 * MINUTE;
/** Less than half a tick: what a sequence may take. */
const DRIFT = 2 * MINUTE;
export const ms = (tick: number): number => MORNING + Math.round(tick * TICK);

/** The object and everything the commands need to speak to it. */
export interface Real {
  machine: TestMachine;
  people: Person[];
  /** When the sequence began, by the host's clock. */
  started: number;
}

export type Step = fc.AsyncCommand<NaiveMachine, Real>;

const verdictOf = (result: CommandResult): Verdict => (result.ok ? "ok" : result.code);

/** The members, then staff. */
export const personOf = ({ people }: Real, index: number): Person => {
  const found = people[index % people.length];
  if (!found) throw new Error("nobody");
  return found;
};

/** The booking that an index means, newest first, or none while there is none. */
const pick = (model: NaiveMachine, index: number): NaiveBooking | undefined =>
  model.bookings.at(-1 - (index % Math.max(1, model.bookings.length)));

/** The newest booking that the step is meant for, or else the newest: most guesses would only ever be refused. */
const likely = (model: NaiveMachine, step: ReservationStep): NaiveBooking | undefined =>
  model.bookings.findLast((each) => stepsTo(each.status, step).length > 0) ?? model.bookings.at(-1);

/** How often each command got each verdict: sequences that never succeed would prove nothing. */
export const tally = new Map<string, number>();

/** Compares the answer with the model's, and what was answered with what the model now has. */
export function agree(name: string, model: NaiveMachine, expected: Verdict, result: CommandResult): void {
  tally.set(`${name} ${expected}`, (tally.get(`${name} ${expected}`) ?? 0) + 1);
  expect(verdictOf(result)).toBe(expected);
  if (!result.ok) {
    if (result.conflicts_with)
      expect(result.conflicts_with.ends_at).toBeGreaterThanOrEqual(result.conflicts_with.starts_at);
    return;
  }
  const { reservation, session } = result;
  const booking = reservation && model.bookings.find((each) => each.id === reservation.id);
  if (booking) {
    const { status, version, starts, ends } = booking;
    expect(reservation).toMatchObject({ status, version, starts_at: ms(starts), ends_at: ms(ends) });
    // An early end counts to the begun minute, and a sequence takes its time.
    expect(Math.abs(reservation.counted_minutes - booking.counted)).toBeLessThanOrEqual(DRIFT / MINUTE + 1);
  }
  if (session && model.session) {
    expect(Math.abs(session.planned_end_at - ms(model.session.planned))).toBeLessThan(DRIFT);
  }
}

export const command = (name: string, run: (model: NaiveMachine, real: Real) => Promise<void>): Step => ({
  check: () => true,
  run,
  toString: () => name,
});

export const reserve = (who: number, behalf: number, offset: number, length: number): Step =>
  command(`reserve(${who}, ${offset}, ${length})`, async (model, real) => {
    const by = personOf(real, who);
    const holder = by.staff ? personOf(real, behalf % 3) : by;
    const starts = Math.floor(model.now) + offset;
    const id = crypto.randomUUID();
    const expected = model.reserve(id, holder.id, by.staff, starts, length);
    const time = { starts_at: ms(starts), ends_at: ms(starts + length) };
    const words = { purpose: null, project_id: null, metadata: "{}", external_id: null, hold_id: null };
    const ask = { type: "reserve", reservation_id: id, ...time, ...words } as const;
    agree("reserve", model, expected, await real.machine.send(by, ask, { for: holder }));
  });

export const reserveSeries = (
  who: number,
  behalf: number,
  offset: number,
  [length, every, count]: [number, number, number],
  skip: boolean,
): Step =>
  command(
    `reserveSeries(${who}, ${offset}, ${length} each ${every} x ${count}${skip ? ", skip" : ""})`,
    async (model, real) => {
      const by = personOf(real, who);
      const holder = by.staff ? personOf(real, behalf % 3) : by;
      const [first, series_id] = [Math.floor(model.now) + offset, crypto.randomUUID()];
      const wanted = Array.from({ length: count }, (_, index) => {
        const starts = first + index * every;
        return {
          id: crypto.randomUUID(),
          starts,
          ends: starts + length,
          member: holder.id,
          staff: by.staff,
          series: series_id,
        };
      });
      const expected = reserveNaively(model, wanted, skip);
      const rule = {
        rrule: "FREQ=DAILY;COUNT=1",
        local_start: "2027-01-01T08:00",
        timezone: "UTC",
        duration_minutes: length * 5,
      };
      const instances = wanted.map(({ id, starts, ends }) => ({
        reservation_id: id,
        starts_at: ms(starts),
        ends_at: ms(ends),
        against: [],
      }));
      const ask = {
        type: "reserve_series",
        series_id,
        instances,
        on_conflict: skip ? "skip" : "fail",
        purpose: null,
        project_id: null,
        ...rule,
      } as const;
      const result = await real.machine.send(by, ask, { for: holder });
      agree(skip ? "reserveSome" : "reserveSeries", model, expected, result);
      const booked = model.bookings.filter(({ series }) => series === series_id).map(({ id }) => id);
      expect(result.ok ? result.series?.reservations.map(({ id }) => id) : []).toEqual(booked);
    },
  );

export const cancelSeries = (target: number, who: number, following: boolean): Step =>
  command(`cancelSeries(${target}, ${who}${following ? ", following" : ""})`, async (model, real) => {
    const known = model.bookings.filter(({ series }) => series !== null);
    const booking = known.at(-1 - (target % Math.max(1, known.length)));
    if (!booking?.series) return;
    const by = personOf(real, who);
    const expected = cancelNaively(model, booking.series, by, following ? booking : null);
    const scope = following ? ("following" as const) : ("all" as const);
    const reservation_id = following ? booking.id : null;
    const ask = {
      type: "cancel_series",
      series_id: booking.series,
      scope,
      reservation_id,
      kept: null,
      note: null,
    } as const;
    agree("cancelSeries", model, expected, await real.machine.send(by, ask));
  });

export const keep = (who: number, behalf: number, offset: number, length: number): Step =>
  command(`keep(${who}, ${offset}, ${length})`, async (model, real) => {
    const by = personOf(real, who);
    const holder = by.staff ? personOf(real, behalf % 3) : by;
    const starts = Math.floor(model.now) + offset;
    const hold_id = crypto.randomUUID();
    const expected = model.keep(hold_id, holder.id, by.staff, starts, length);
    const time = { starts_at: ms(starts), ends_at: ms(starts + length) };
    agree("keep", model, expected, await real.machine.send(by, { type: "hold", hold_id, ...time }, { for: holder }));
  });

/** Every hold that ever was: some are gone. */
const holdsOf = new WeakMap<NaiveMachine, NaiveKept[]>();

function someHold(model: NaiveMachine, index: number): NaiveKept | undefined {
  const known = holdsOf.get(model) ?? [];
  for (const each of model.kept) if (!known.includes(each)) known.push(each);
  holdsOf.set(model, known);
  return known.at(-1 - (index % Math.max(1, known.length)));
}

/** Takes a hold up, mostly as it is. */
export const confirm = (target: number, who: number, shift: number): Step =>
  command(`confirm(${target}, ${who}, ${shift})`, async (model, real) => {
    const kept = someHold(model, target);
    if (!kept) return;
    const by = personOf(real, who);
    const owner = real.people.find((each) => each.id === kept.member);
    const holder = by.staff && owner ? owner : by;
    const id = crypto.randomUUID();
    const [starts, length] = [kept.starts + shift, kept.ends - kept.starts];
    const expected = model.reserve(id, holder.id, by.staff, starts, length, kept);
    const time = { starts_at: ms(starts), ends_at: ms(starts + length) };
    const words = { purpose: null, project_id: null, metadata: "{}", external_id: null, hold_id: kept.id };
    const ask = { type: "reserve", reservation_id: id, ...time, ...words } as const;
    agree("confirm", model, expected, await real.machine.send(by, ask, { for: holder }));
  });

export const onHold = (type: "renew" | "release", target: number, who: number): Step =>
  command(`${type}(${target}, ${who})`, async (model, real) => {
    const kept = someHold(model, target);
    if (!kept) return;
    const by = personOf(real, who);
    const expected = model[type](kept, by);
    agree(type, model, expected, await real.machine.send(by, { type: `${type}_hold`, hold_id: kept.id }));
  });

const steps = ["approve", "reject", "cancel", "check_in", "no_show", "excuse"] as const;
export const step = (which: number, target: number, who: number): Step => {
  const type = steps[which % steps.length] ?? "cancel";
  return command(`${type}(${target}, ${who})`, async (model, real) => {
    model.settle();
    const booking = target % 2 === 0 ? likely(model, type) : pick(model, target);
    if (!booking) return;
    const by = personOf(real, who);
    const expected = model.step(booking, type, by);
    agree(type, model, expected, await real.machine.step(by, type, booking.id));
  });
};

export const amend = (target: number, who: number, shift: number, stretch: number, isStale: boolean): Step =>
  command(`amend(${target}, ${who}, ${shift}, ${stretch}${isStale ? ", stale" : ""})`, async (model, real) => {
    const booking = pick(model, target);
    if (!booking) return;
    model.settle();
    const by = personOf(real, who);
    const if_version = booking.version - Number(isStale);
    const [starts, ends] = [booking.starts + shift, booking.ends + shift + stretch];
    const expected = model.amend(booking, by, if_version, starts, ends);
    const time = { starts_at: ms(starts), ends_at: ms(ends) };
    agree(
      "amend",
      model,
      expected,
      await real.machine.send(by, { type: "amend", reservation_id: booking.id, if_version, ...time }),
    );
  });

export const start = (target: number, who: number): Step =>
  command(`start(${target}, ${who})`, async (model, real) => {
    const booking = pick(model, target);
    if (!booking) return;
    const by = personOf(real, who);
    const session_id = crypto.randomUUID();
    const expected = model.start(session_id, booking, by);
    const ask = {
      type: "start_session",
      session_id,
      reservation_id: booking.id,
      planned_minutes: null,
      project_id: null,
    } as const;
    agree("start", model, expected, await real.machine.send(by, ask));
  });

export const walkUp = (who: number, planned: number): Step =>
  command(`walkUp(${who}, ${planned})`, async (model, real) => {
    const by = personOf(real, who);
    const session_id = crypto.randomUUID();
    const expected = model.walkUp(session_id, by.id, by.staff, planned);
    const ask = {
      type: "start_session",
      session_id,
      reservation_id: null,
      planned_minutes: planned * 5,
      project_id: null,
    } as const;
    agree("walkUp", model, expected, await real.machine.send(by, ask));
  });

export const end = (who: number): Step =>
  command(`end(${who})`, async (model, real) => {
    const by = personOf(real, who);
    const id = model.session?.id ?? crypto.randomUUID();
    const expected = model.end(by);
    agree("end", model, expected, await real.machine.end(by, id));
  });

export const sweep = (who: number): Step =>
  command(`sweep(${who})`, async (model, real) => {
    const member_id = personOf(real, who % 3).id;
    const cancelled = model.sweep(member_id);
    const result = await real.machine.send(personOf(real, 3), { type: "sweep_member", member_id, note: "swept" });
    expect(result).toMatchObject({ ok: true, cancelled });
    // Facts read in this very millisecond are older than the sweep.
    await scheduler.wait(2);
  });

export const retire = (): Step =>
  command("retire()", async (model, real) => {
    const expected = model.retire();
    agree("retire", model, expected, await real.machine.send(personOf(real, 3), { type: "retire" }));
  });

export const clock = (ticks: number): Step =>
  command(`clock(+${ticks})`, async (model, real) => {
    model.now += ticks;
    await real.machine.setClock(ms(model.now) + (Date.now() - real.started));
  });

export const evict = (): Step =>
  command("evict()", async (_, real) => {
    await evictDurableObject(real.machine.stub);
    await real.machine.setPorts(silentPorts);
  });

export const alarm = (): Step => command("alarm()", async (_, real) => void (await real.machine.alarm()));

/** Everything the object knows is what the model knows, and nothing overlaps. */
export const look = (): Step =>
  command("look()", async (model, real) => {
    model.settle();
    const query = { starts_from: ms(-1_000), starts_to: ms(10_000), statuses: null, after: null, limit: 1_000 };
    const found = await real.machine.stub.reservations(query);
    const seen = found
      .map((each) => [each.id, each.status, each.version, each.starts_at, each.ends_at].join(" "))
      .sort();
    for (const booking of model.bookings) {
      const counted = found.find((each) => each.id === booking.id)?.counted_minutes ?? Number.NaN;
      expect(Math.abs(counted - booking.counted), booking.id).toBeLessThanOrEqual(DRIFT / MINUTE + 1);
    }
    const known = model.bookings
      .map((each) => [each.id, each.status, each.version, ms(each.starts), ms(each.ends)].join(" "))
      .sort();
    expect(seen).toEqual(known);
    for (const kept of model.kept) {
      const { starts_at, renewals } = (await real.machine.stub.hold(kept.id)) ?? {};
      expect([starts_at, renewals]).toEqual([ms(kept.starts), kept.renewals]);
    }
    if (model.session) {
      const session = await real.machine.stub.session(model.session.id);
      expect(session?.overrun_at !== null).toBe(model.session.overrun);
      expect(session?.status).toBe("active");
    }
    const holding = found.filter((each) => ["pending", "approved", "active"].includes(each.status));
    for (const [index, one] of holding.entries()) {
      for (const other of holding.slice(index + 1)) expect(overlaps(one, other), `${one.id} ${other.id}`).toBe(false);
    }
  });
