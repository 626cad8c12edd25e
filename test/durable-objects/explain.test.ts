/** What is explained is what is decided: never a yes that is then refused, never a no that would have been let through. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answer } from "../../durable-objects/equipment/commands.ts";
import { explain } from "../../durable-objects/equipment/explain.ts";
import { Keys } from "../../durable-objects/equipment/keys.ts";
import { Machine } from "../../durable-objects/equipment/machine.ts";
import { rehearse } from "../../durable-objects/equipment/mutants.ts";
import { Outbox } from "../../durable-objects/equipment/outbox.ts";
import { Store } from "../../durable-objects/equipment/store.ts";
import { Turn } from "../../durable-objects/equipment/turn.ts";
import { defaultPolicy, type Gates, mayOverride, overridable } from "../../src/modules/equipment/model.ts";
import type { CommandCall, PolicyParts } from "../../src/modules/equipment/port.ts";
import {
  enforcements,
  groupModes,
  type Holding,
  judgeSkills,
  reaches,
  type SkillGate,
  skillLevels,
} from "../../src/platform/skills.ts";
import { DAY, HOUR, MINUTE } from "../../src/platform/time.ts";
import { MORNING, person, TestMachine } from "../support/object.ts";

const CASES = 10_000;

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const minute = fc.integer({ min: -3 * 24 * 4, max: 6 * 24 * 4 }).map((quarters) => MORNING + quarters * 15 * MINUTE);
const ending = fc.option(minute, { nil: null });

const holding: fc.Arbitrary<Holding> = fc.record({
  level: fc.constantFrom(...skillLevels),
  status: fc.constantFrom("awaiting_cosign", "certified", "certified", "certified", "expired", "revoked"),
  expires_at: ending,
  idle_at: ending,
});
const gate: fc.Arbitrary<SkillGate> = fc.record({
  enforcement: fc.constantFrom(...enforcements),
  grace_days: fc.constantFrom(0, 0, 1, 3),
  groups: fc.array(
    fc.record({
      mode: fc.constantFrom(...groupModes),
      skills: fc.array(
        fc.record({
          skill_id: fc.constantFrom("a", "b", "c"),
          name: fc.constant("A skill"),
          min_level: fc.option(fc.constantFrom(...skillLevels), { nil: null }),
          holdings: fc.array(holding, { maxLength: 3 }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
    { maxLength: 2 },
  ),
});

const windows = fc.option(
  fc
    .subarray([...days], { minLength: 4 })
    .map((open) => Object.fromEntries(open.map((day) => [day, [{ from: "06:00", to: "20:00" }]]))),
  { nil: null },
);

const rarely = <T>(value: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary: value });

const gates: fc.Arbitrary<Gates> = fc.record({
  bookings_enabled: rarely(fc.constant(false), true),
  reasons: rarely(
    fc
      .subarray(Object.keys(overridable), { maxLength: 2 })
      .map((found) => found.map((code) => ({ code, detail: code }))),
    [],
  ),
  plan: fc.option(
    fc.record({
      covers: fc.record({ from: rarely(minute, 0), to: rarely(ending, null) }),
      advance_days: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }),
      max_duration_minutes: fc.option(fc.constantFrom(30, 60, 120), { nil: null }),
      access_windows: windows,
      cancellation_hours: fc.constant(0),
    }),
    { nil: null },
  ),
  skills: fc.option(gate, { nil: null }),
});

const situation = fc.record({
  zone: fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kolkata"),
  status: rarely(fc.constantFrom("under_maintenance" as const, "offline" as const), "available" as const),
  hours: windows,
  now: minute,
  policy: fc.record({
    approval: fc.constantFrom("none" as const, "staff" as const),
    min_minutes: fc.constantFrom(15, 30),
    max_minutes: fc.constantFrom(60, 480),
    granularity_minutes: fc.constantFrom(1, 15, 60),
    notice_minutes: fc.constantFrom(0, 0, 60),
    horizon_days: fc.constantFrom(2, 90),
    buffer_minutes: fc.constantFrom(0, 0, 15),
    own_gap_minutes: fc.constantFrom(0, 0, 60),
  }),
  from_now: fc.oneof(fc.integer({ min: -2, max: 40 }), fc.integer({ min: 40, max: 400 })).map((q) => q * 15 * MINUTE),
  length: fc.constantFrom(15, 30, 60, 60, 120, 600).map((minutes) => minutes * MINUTE),
  gates,
  staff: fc.boolean(),
});
type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

const partsOf = ({ zone, status, hours, policy }: Situation): Partial<PolicyParts> => ({
  makerspace: { version: 1, timezone: zone, show_holder: "none", policy: defaultPolicy },
  equipment: { version: 1, code: "L1", name: "Laser", category: "laser_cutter", location: null, status, policy },
  hours: { version: 1, windows: hours },
});

describe("what is explained", () => {
  test(`is what is decided, in ${CASES} cases of policies, hours, plans, skills and holdings`, {
    timeout: 60_000,
  }, async () => {
    const machine = await TestMachine.open({ projected: false });
    const [asking, other] = [person(), person()];
    for (const hour of [8, 30, 33, 57, 80, 100]) {
      await machine.booked(other, { starts_at: MORNING + hour * HOUR, ends_at: MORNING + (hour + 1) * HOUR });
    }
    const cases = fc.sample(situation, CASES);
    const counted = await machine.inside((_, { storage }) => {
      const store = new Store(storage, machine.equipment_id);
      const world = {
        store,
        keys: new Keys(storage.sql, store.timers, machine.equipment_id),
        outbox: new Outbox(store),
      };
      const tally = { allowed: 0, refused: 0, warned: 0, unskilled: 0, passed_over: 0 };
      for (const one of cases) {
        const slot = { starts_at: one.now + one.from_now, ends_at: one.now + one.from_now + one.length };
        const at = { ...world, machine: new Machine(machine.makerspace_id, machine.equipment_id, partsOf(one)) };
        const actor = {
          kind: "member",
          id: one.staff ? "desk" : asking.id,
          authority: one.staff ? "any" : "own",
        } as const;
        const wall = Date.now();
        const facts = {
          decide_before: wall + 10_000,
          policy_versions: { makerspace: 1, equipment: 1, hours: 1 },
          holder: asking.facts,
          gates: one.gates,
        };
        const command = {
          type: "reserve",
          reservation_id: "new",
          ...slot,
          purpose: null,
          project_id: null,
          metadata: "{}",
          external_id: null,
          hold_id: null,
        } as const;
        const call: CommandCall = { command, actor, facts, key: null, request_id: "test" };
        const said = explain(new Turn(at, one.now, actor, "test"), slot, facts);
        const decided = rehearse(storage, () => answer(new Turn(at, one.now, actor, "test"), call, wall));
        store.reload();
        const isLetThrough = one.staff ? said.reasons.every(mayOverride) : said.reasons.length === 0;
        const told = JSON.stringify({ one, said, decided });
        expect(decided.ok, told).toBe(isLetThrough);
        if (decided.ok) expect(decided.warnings ?? [], told).toEqual(said.warnings);
        else for (const reason of decided.reasons) expect(said.reasons, told).toContainEqual(reason);
        if (decided.ok) tally.allowed += 1;
        else tally.refused += 1;
        if (decided.ok && decided.warnings) tally.warned += 1;
        if (said.reasons.some(({ code }) => code === "skill_required")) tally.unskilled += 1;
        if (decided.ok && said.reasons.length > 0) tally.passed_over += 1;
      }
      return tally;
    });
    console.log(`explain: ${JSON.stringify(counted)}`);
    // A test that has seen one side only shows nothing.
    for (const count of Object.values(counted)) expect(count).toBeGreaterThan(CASES / 200);
  });
});

/** The specification, said once more and naively: does one of these holdings let somebody begin at `at`? */
const suffices = (
  held: readonly Holding[],
  least: SkillGate["groups"][number]["skills"][number]["min_level"],
  grace: number,
  at: number,
  now: number,
) =>
  held.some(
    ({ level, status, expires_at, idle_at }) =>
      (status === "certified" || status === "expired") &&
      reaches(level, least) &&
      (expires_at === null || at < expires_at + grace) &&
      (idle_at === null || now < idle_at + grace),
  );

describe("skills", () => {
  test("let in whoever meets each group, and name each skill that is missing otherwise", () => {
    fc.assert(
      fc.property(gate, minute, minute, (asked, at, now) => {
        const grace = asked.grace_days * DAY;
        const has = ({ holdings, min_level }: SkillGate["groups"][number]["skills"][number]) =>
          suffices(holdings, min_level, grace, at, now);
        const unmet = asked.groups.flatMap(({ mode, skills }) =>
          mode === "any" && skills.some(has) ? [] : skills.filter((skill) => !has(skill)),
        );
        const { reasons, warnings } = judgeSkills(asked, at, now);
        const named = (asked.enforcement === "block" ? reasons : warnings).filter(
          ({ limit }) => limit?.because !== "in_grace",
        );
        expect(named.map(({ limit }) => limit?.skill_id)).toEqual(unmet.map(({ skill_id }) => skill_id));
        if (asked.enforcement === "warn") expect(reasons).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
  });
});
