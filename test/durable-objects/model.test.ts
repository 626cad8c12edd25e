import { evictDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openGates, overlaps, type ReservationStep, stepsTo } from "../../src/modules/equipment/model.ts";
import type { CommandResult } from "../../src/modules/equipment/port.ts";
import { type NaiveBooking, NaiveMachine, type NaiveRules, type Verdict } from "../support/naive-machine.ts";
import { HOUR, MINUTE, MORNING, type Person, silentPorts, TestMachine } from "../support/object.ts";

const SEQUENCES = 1_000;
const TICK = 5 * MINUTE;
/** Less than half a tick: what a sequence may take. */
const DRIFT = 2 * MINUTE;
const ms = (tick: number): number => MORNING + Math.round(tick * TICK);

/** The object and everything the commands need to speak to it. */
interface Real {
  machine: TestMachine;
  people: Person[];
}

type Step = fc.AsyncCommand<NaiveMachine, Real>;

const verdictOf = (result: CommandResult): Verdict => (result.ok ? "ok" : result.code);

/** The members, then staff. */
const personOf = ({ people }: Real, index: number): Person => {
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
const tally = new Map<string, number>();

/** Compares the answer with the model's, and what was answered with what the model now has. */
function agree(name: string, model: NaiveMachine, expected: Verdict, result: CommandResult): void {
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

const command = (name: string, run: (model: NaiveMachine, real: Real) => Promise<void>): Step => ({
  check: () => true,
  run,
  toString: () => name,
});

const reserve = (who: number, behalf: number, offset: number, length: number): Step =>
  command(`reserve(${who}, ${offset}, ${length})`, async (model, real) => {
    const by = personOf(real, who);
    const holder = by.staff ? personOf(real, behalf % 3) : by;
    const starts = Math.floor(model.now) + offset;
    const id = crypto.randomUUID();
    const expected = model.reserve(id, holder.id, by.staff, starts, length);
    const time = { starts_at: ms(starts), ends_at: ms(starts + length) };
    const words = { purpose: null, project_id: null, metadata: "{}", external_id: null };
    const ask = { type: "reserve", reservation_id: id, ...time, ...words } as const;
    agree("reserve", model, expected, await real.machine.send(by, ask, { for: holder }));
  });

const steps = ["approve", "reject", "cancel", "check_in", "no_show", "excuse"] as const;
const step = (which: number, target: number, who: number): Step => {
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

const amend = (target: number, who: number, shift: number, stretch: number, isStale: boolean): Step =>
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

const start = (target: number, who: number): Step =>
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

const walkUp = (who: number, planned: number): Step =>
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

const end = (who: number): Step =>
  command(`end(${who})`, async (model, real) => {
    const by = personOf(real, who);
    const id = model.session?.id ?? crypto.randomUUID();
    const expected = model.end(by);
    agree("end", model, expected, await real.machine.end(by, id));
  });

const sweep = (who: number): Step =>
  command(`sweep(${who})`, async (model, real) => {
    const member_id = personOf(real, who % 3).id;
    const cancelled = model.sweep(member_id);
    const result = await real.machine.send(personOf(real, 3), { type: "sweep_member", member_id, note: "swept" });
    expect(result).toMatchObject({ ok: true, cancelled });
    // Facts read in this very millisecond are older than the sweep.
    await scheduler.wait(2);
  });

const retire = (): Step =>
  command("retire()", async (model, real) => {
    const expected = model.retire();
    agree("retire", model, expected, await real.machine.send(personOf(real, 3), { type: "retire" }));
  });

const clock = (ticks: number): Step =>
  command(`clock(+${ticks})`, async (model, real) => {
    model.now += ticks;
    await real.machine.setClock(ms(model.now) + (Date.now() - started));
  });

const evict = (): Step =>
  command("evict()", async (_, real) => {
    await evictDurableObject(real.machine.stub);
    await real.machine.setPorts(silentPorts);
  });

const alarm = (): Step => command("alarm()", async (_, real) => void (await real.machine.alarm()));

/** Everything the object knows is what the model knows, and nothing overlaps. */
const look = (): Step =>
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

/** Staff more often than each member: most steps on a booking are refused to everybody but its holder. */
const who = fc.constantFrom(0, 1, 2, 3, 3, 3);
/** Mostly the newest bookings. */
const target = fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 5, 8);
const whole = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const times = <T>(count: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T>[] =>
  Array.from({ length: count }, () => arbitrary);

const commands = fc.commands(
  [
    ...times(
      2,
      fc.tuple(who, who, whole(-1, 16), whole(1, 7)).map((args) => reserve(...args)),
    ),
    ...times(
      4,
      fc.tuple(who, who, whole(1, 4), whole(2, 5)).map((args) => reserve(...args)),
    ),
    ...times(
      8,
      fc.tuple(fc.nat(5), target, fc.constantFrom(3, 3, 3, 0, 1)).map((args) => step(...args)),
    ),
    ...times(
      3,
      fc.tuple(target, who, whole(-4, 4), whole(-3, 3), fc.nat(3)).map(([a, b, c, d, e]) => amend(a, b, c, d, e === 0)),
    ),
    ...times(
      3,
      fc.tuple(target, who).map((args) => start(...args)),
    ),
    fc.tuple(who, whole(1, 8)).map((args) => walkUp(...args)),
    who.map(end),
    ...times(4, whole(1, 3).map(clock)),
    whole(1, 9).map(clock),
    fc.constant(null).map(look),
    fc.constant(null).map(alarm),
    // An eviction takes its time, a sweep empties the machine and a retirement ends the game: each is rare.
    fc.nat(9).map((die) => (die === 0 ? retire() : die < 4 ? sweep(die) : die < 7 ? evict() : look())),
  ],
  { maxCommands: 30, size: "max" },
);

const rules: fc.Arbitrary<NaiveRules> = fc.record({
  approval: fc.constantFrom("none", "staff"),
  check_in: fc.constantFrom("none", "optional", "required"),
  buffer: fc.nat(2),
  notice: fc.constantFrom(0, 0, 2),
  max: fc.constantFrom(6, 12),
  grace: fc.integer({ min: 1, max: 4 }),
  ttl: fc.integer({ min: 1, max: 12 }),
  hours: fc.constantFrom(null, null, { from: -24, to: 12 }, { from: -6, to: 40 }),
  cancel: fc.constantFrom(0, 0, 4, 24),
});

let started = 0;

/** Verdicts that must have come up, or the sequences were too tame. */
const musts = [
  ...[
    "reserve ok",
    "reserve slot_taken",
    "reserve booking_refused",
    "approve ok",
    "reject ok",
    "cancel ok",
    "check_in ok",
  ],
  ...[
    "check_in too_early",
    "no_show ok",
    "excuse ok",
    "amend ok",
    "amend slot_taken",
    "amend stale_version",
    "start ok",
  ],
  ...["start equipment_busy", "walkUp ok", "walkUp slot_taken", "end ok", "cancel illegal_transition", "retire ok"],
];

test(`the object agrees with a naive machine over ${SEQUENCES} sequences of commands`, async () => {
  const seed = Date.now() % 2 ** 31;
  console.log(`model test: seed ${seed}`);
  await fc.assert(
    fc.asyncProperty(rules, commands, async (chosen, sequence) => {
      const machine = new TestMachine({ projected: false });
      await machine.setPorts(silentPorts);
      await machine.configure({
        approval: chosen.approval,
        check_in: chosen.check_in,
        granularity_minutes: 5,
        min_minutes: 5,
        max_minutes: chosen.max * 5,
        buffer_minutes: chosen.buffer * 5,
        notice_minutes: chosen.notice * 5,
        grace_minutes: chosen.grace * 5,
        pending_ttl_minutes: chosen.ttl * 5,
      });
      await machine.openDuring(chosen.hours && { from: clockOf(chosen.hours.from), to: clockOf(chosen.hours.to) });
      machine.gates = { ...openGates, plan: { ...unlimited, cancellation_hours: (chosen.cancel * TICK) / HOUR } };
      const model = new NaiveMachine(chosen);
      started = Date.now();
      await machine.setClock(ms(model.now));
      const real: Real = { machine, people: [machine.ada, machine.bob, person(machine), machine.desk] };
      await fc.asyncModelRun(() => ({ model, real }), [...sequence, look()]);
    }),
    { numRuns: SEQUENCES, seed },
  );
  console.log(JSON.stringify(Object.fromEntries([...tally].sort())));
  for (const must of musts) expect(tally.get(must) ?? 0, must).toBeGreaterThan(0);
}, 240_000);

/** A plan that limits nothing but late cancellations. */
const unlimited = {
  covers: { from: 0, to: null },
  advance_days: null,
  max_duration_minutes: null,
  access_windows: null,
};

/** A tick on the wall clock of any day: the morning begins at eight. */
const clockOf = (tick: number): string => new Date(ms(tick)).toISOString().slice(11, 16);

/** A third member. */
const person = (machine: TestMachine): Person => ({
  ...machine.bob,
  id: machine.bob.id.replace(/^./, "z"),
  facts: { ...machine.bob.facts, member_id: machine.bob.id.replace(/^./, "z") },
});
