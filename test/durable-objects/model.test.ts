import fc from "fast-check";
import { expect, test } from "vitest";
import { openGates } from "../../src/modules/equipment/model.ts";
import * as outages from "../support/model-outages.ts";
import * as steps from "../support/model-steps.ts";
import { NaiveMachine } from "../support/naive-machine.ts";
import type { NaiveRules } from "../support/naive-rules.ts";
import { HOUR, type Person, silentPorts, TestMachine } from "../support/object.ts";

const SEQUENCES = 1_000;
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
      fc.tuple(who, who, whole(-1, 16), whole(1, 7)).map((args) => steps.reserve(...args)),
    ),
    ...times(
      4,
      fc.tuple(who, who, whole(1, 4), whole(2, 5)).map((args) => steps.reserve(...args)),
    ),
    ...times(
      2,
      fc.tuple(who, who, whole(1, 6), whole(1, 5)).map((args) => steps.keep(...args)),
    ),
    ...times(
      2,
      fc
        .tuple(who, who, whole(1, 8), fc.tuple(whole(1, 4), whole(2, 9), whole(1, 4)), fc.boolean())
        .map((args) => steps.reserveSeries(...args)),
    ),
    fc.tuple(target, who, fc.boolean()).map((args) => steps.cancelSeries(...args)),
    fc.tuple(target, who, fc.constantFrom(0, 0, 0, 1)).map((args) => steps.confirm(...args)),
    fc
      .tuple(fc.constantFrom("renew" as const, "renew" as const, "release" as const), target, who)
      .map((args) => steps.onHold(...args)),
    ...times(
      9,
      fc.tuple(fc.nat(5), target, fc.constantFrom(3, 3, 3, 0, 1)).map((args) => steps.step(...args)),
    ),
    ...times(
      3,
      fc
        .tuple(target, who, whole(-4, 4), whole(-3, 3), fc.nat(3))
        .map(([a, b, c, d, e]) => steps.amend(a, b, c, d, e === 0)),
    ),
    ...times(
      3,
      fc.tuple(target, who).map((args) => steps.start(...args)),
    ),
    fc.tuple(who, whole(1, 8)).map((args) => steps.walkUp(...args)),
    who.map(steps.end),
    fc.tuple(whole(-2, 10), whole(1, 4), fc.nat(2)).map(([a, b, c]) => outages.takeOut(a, b, c === 0)),
    fc.constantFrom(0, 0, 1).map(outages.lift),
    ...times(4, whole(1, 3).map(steps.clock)),
    whole(1, 9).map(steps.clock),
    fc.constant(null).map(steps.look),
    fc.constant(null).map(steps.alarm),
    // An eviction takes its time, a sweep empties the machine and a retirement ends the game: each is rare.
    fc.nat(9).map((die) => {
      if (die === 0) return steps.retire();
      if (die < 3) return steps.sweep(die);
      if (die === 3) return outages.sweepUnskilled(die);
      return die < 7 ? steps.evict() : steps.look();
    }),
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
  hold: whole(1, 4),
  cancel: fc.constantFrom(0, 0, 4, 24),
});

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
  ...["keep ok", "keep slot_taken", "confirm ok", "confirm hold_gone", "renew ok", "renew hold_gone", "release ok"],
  ...["reserveSeries ok", "reserveSeries series_conflicts", "reserveSome ok", "cancelSeries ok"],
  ...["start equipment_busy", "walkUp ok", "walkUp slot_taken", "end ok", "cancel illegal_transition", "retire ok"],
  ...["takeOut ok", "takeOut plan_stale", "takeOut outage_refused", "lift ok", "reserve equipment_unavailable"],
  ...[
    "walkUp equipment_unavailable",
    "start equipment_unavailable",
    "amend equipment_unavailable",
    "sweepUnskilled ok",
  ],
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
        hold_minutes: chosen.hold * 5,
      });
      await machine.openDuring(chosen.hours && { from: clockOf(chosen.hours.from), to: clockOf(chosen.hours.to) });
      machine.gates = { ...openGates, plan: { ...unlimited, cancellation_hours: (chosen.cancel * steps.TICK) / HOUR } };
      const model = new NaiveMachine(chosen);
      const started = Date.now();
      await machine.setClock(steps.ms(model.now));
      const real: steps.Real = { machine, people: [machine.ada, machine.bob, person(machine), machine.desk], started };
      await fc.asyncModelRun(() => ({ model, real }), [...sequence, steps.look()]);
    }),
    { numRuns: SEQUENCES, seed },
  );
  console.log(JSON.stringify(Object.fromEntries([...steps.tally].sort())));
  for (const must of musts) expect(steps.tally.get(must) ?? 0, must).toBeGreaterThan(0);
}, 360_000);

/** A plan that limits nothing but late cancellations. */
const unlimited = {
  covers: { from: 0, to: null },
  advance_days: null,
  max_duration_minutes: null,
  access_windows: null,
};

/** A tick on the wall clock of any day: the morning begins at eight. */
const clockOf = (tick: number): string => new Date(steps.ms(tick)).toISOString().slice(11, 16);

/** A third member. */
const person = (machine: TestMachine): Person => ({
  ...machine.bob,
  id: machine.bob.id.replace(/^./, "z"),
  facts: { ...machine.bob.facts, member_id: machine.bob.id.replace(/^./, "z") },
});
