/** The function that says what a time costs: its laws, in general, and its numbers, by example. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CostRule,
  estimate,
  type PriceBook,
  type PriceInputs,
  ruleTypes,
  shareOf,
} from "../../../src/modules/equipment/prices/model.ts";
import { stretches, weekdays } from "../../../src/platform/settings/hours.ts";
import { HOUR, MINUTE } from "../../../src/platform/time.ts";
import { Zone } from "../../../src/platform/zone.ts";

const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"].map((name) => new Zone(name));
const [berlin] = zones as [Zone, ...Zone[]];
const at = (text: string): number => Date.parse(text);
const nobody: PriceInputs = { member_id: null, plan_id: null, project_id: null, skills: [] };

const rule = (
  rule_type: CostRule["rule_type"],
  amount_minor: number | null,
  more: Partial<CostRule> = {},
): CostRule => ({
  id: `${rule_type}-${amount_minor}`,
  rule_type,
  priority: 0,
  amount_minor,
  percent: null,
  tiers: [],
  hours: null,
  weekdays: null,
  plan_ids: null,
  skill_id: null,
  min_level: null,
  member_ids: null,
  project_ids: null,
  valid_from: null,
  valid_to: null,
  ...more,
});
const book = (...rules: CostRule[]): PriceBook => ({ version: 1, currency: "EUR", rules });
const slot = (from: string, to: string) => ({ starts_at: at(from), ends_at: at(to) });
const noon = slot("2027-03-10T11:00:00Z", "2027-03-10T12:30:00Z");
const total = (rules: CostRule[], when = noon, who = nobody, zone = berlin): number =>
  estimate(book(...rules), when, who, zone).total_minor;

const clockText = fc
  .integer({ min: 0, max: 47 })
  .map((half) => `${String(half >> 1).padStart(2, "0")}:${half % 2 ? "30" : "00"}`);
const amount = fc.integer({ min: 0, max: 5_000 });
const id = fc.uuid();
const rates: fc.Arbitrary<CostRule> = fc
  .record({
    id,
    priority: fc.integer({ min: -2, max: 2 }),
    amount_minor: amount,
    hours: fc.option(fc.record({ from: clockText, to: clockText }).filter(({ from, to }) => from !== to)),
    weekdays: fc.option(fc.subarray([...weekdays], { minLength: 1 })),
  })
  .map((made) => rule(made.weekdays ? "weekday" : made.hours ? "time_of_day" : "hourly", 0, made));
const others: fc.Arbitrary<CostRule> = fc.oneof(
  fc
    .record({
      id,
      priority: fc.integer({ min: -2, max: 2 }),
      amount_minor: amount,
      rule_type: fc.constantFrom("flat", "minimum", "maximum", "deposit"),
    })
    .map((made) => rule(made.rule_type as CostRule["rule_type"], 0, made)),
  fc
    .record({ id, percent: fc.integer({ min: -100, max: 200 }) })
    .map((made) => rule("plan", null, { ...made, plan_ids: ["gold"] })),
  fc.record({ id, amount_minor: amount, after: fc.integer({ min: 1, max: 300 }), next: amount }).map((made) =>
    rule("tiered", made.amount_minor, {
      id: made.id,
      tiers: [{ after_minutes: made.after, amount_minor: made.next }],
    }),
  ),
);
// Around the days on which the clocks of these zones change, too.
const time = fc
  .tuple(
    fc.constantFrom("2027-03-27T20:00:00Z", "2027-10-30T20:00:00Z", "2027-03-13T20:00:00Z", "2027-06-05T00:00:00Z"),
    fc.nat(2_880),
    fc.integer({ min: 1, max: 1_500 }),
  )
  .map(([day, from, minutes]) => ({
    starts_at: at(day) + from * MINUTE,
    ends_at: at(day) + (from + minutes) * MINUTE,
  }));
const setting = fc.record({
  rules: fc.array(fc.oneof(rates, others), { maxLength: 8 }),
  when: time,
  zone: fc.constantFrom(...zones),
  plan_id: fc.constantFrom(null, "gold"),
});

describe("what a time costs", () => {
  it("is the sum of its lines, never negative, within minimum and maximum, whatever order the rules come in", () => {
    fc.assert(
      fc.property(setting, ({ rules, when, zone, plan_id }) => {
        const who = { ...nobody, plan_id };
        const said = estimate(book(...rules), when, who, zone);
        expect(said.lines.reduce((sum, line) => sum + line.amount_minor, 0)).toBe(said.total_minor);
        expect(Number.isSafeInteger(said.total_minor)).toBe(true);
        expect(said.total_minor).toBeGreaterThanOrEqual(0);
        expect(estimate(book(...rules.toReversed()), when, who, zone)).toEqual(said);
        const first = (type: string) =>
          rules
            .filter((each) => each.rule_type === type)
            .sort((a, b) => b.priority - a.priority || ((a.id ?? "") < (b.id ?? "") ? -1 : 1))[0]?.amount_minor;
        const most = first("maximum") ?? Number.POSITIVE_INFINITY;
        expect(said.total_minor).toBeLessThanOrEqual(most);
        expect(said.total_minor).toBeGreaterThanOrEqual(Math.min(first("minimum") ?? 0, most));
        expect(said.deposit_minor).toBe(first("deposit") ?? 0);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is, cut in two, the same but for half a unit per line", () => {
    const cut = fc.record({
      rules: fc.array(rates, { maxLength: 6 }),
      when: time,
      zone: fc.constantFrom(...zones),
      part: fc.integer({ min: 1, max: 99 }),
    });
    fc.assert(
      fc.property(cut, ({ rules, when, zone, part }) => {
        const minutes = Math.round((when.ends_at - when.starts_at) / MINUTE);
        const middle = when.starts_at + Math.floor((minutes * part) / 100) * MINUTE;
        const parts = [when, { ...when, ends_at: middle }, { ...when, starts_at: middle }].map((each) =>
          estimate(book(...rules), each, nobody, zone),
        );
        const [whole, left, right] = parts.map((each) => each.total_minor) as [number, number, number];
        const lines = parts.reduce((count, each) => count + each.lines.length, 0);
        expect(Math.abs(left + right - whole)).toBeLessThanOrEqual(lines / 2);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is what a minute-by-minute count says, on days on which the clocks change, too", () => {
    fc.assert(
      fc.property(fc.array(rates, { maxLength: 4 }), time, fc.constantFrom(...zones), (rules, when, zone) => {
        const ordered = [...rules].sort((a, b) => b.priority - a.priority || ((a.id ?? "") < (b.id ?? "") ? -1 : 1));
        const holds = ({ hours, weekdays: days }: CostRule, minute: number): boolean => {
          const local = new Date(minute + zone.offset(minute));
          const day = weekdays[local.getUTCDay()];
          const clock = local.toISOString().slice(11, 16);
          const inHours =
            !hours ||
            (hours.from < hours.to ? hours.from <= clock && clock < hours.to : hours.from <= clock || clock < hours.to);
          return inHours && (!days || (day !== undefined && days.includes(day)));
        };
        const sums = new Map<string, number>();
        for (let minute = when.starts_at; minute < when.ends_at; minute += MINUTE) {
          const found = ordered.find((each) => holds(each, minute));
          if (found) sums.set(found.id ?? "", (sums.get(found.id ?? "") ?? 0) + (found.amount_minor ?? 0));
        }
        const expected = [...sums.values()].reduce((sum, each) => sum + Math.floor(each / 60 + 0.5), 0);
        expect(estimate(book(...rules), when, nobody, zone).total_minor).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("is nothing without a rule", () => {
    expect(estimate(book(), noon, nobody, berlin)).toEqual({ lines: [], total_minor: 0, deposit_minor: 0 });
  });
});

describe("the rules", () => {
  const gold = { ...nobody, plan_id: "gold" };
  const evening = { hours: { from: "18:00", to: "06:00" } };
  const cases: [string, CostRule[], number, PriceInputs?, typeof noon?][] = [
    ["an hourly rate by the minute", [rule("hourly", 1_000)], 1_500],
    ["the higher priority", [rule("hourly", 1_000), rule("hourly", 600, { priority: 1 })], 900],
    ["of two alike the older", [rule("hourly", 1_000, { id: "b" }), rule("hourly", 600, { id: "a" })], 900],
    [
      "the machine's own rate last",
      [rule("hourly", 1_000, { id: null, priority: 0 }), rule("hourly", 600, { priority: -5 })],
      900,
    ],
    [
      "the flat charge once, beside the rate",
      [rule("hourly", 1_000), rule("flat", 300), rule("flat", 900, { priority: -1 })],
      1_800,
    ],
    [
      "tiers from their minute on",
      [rule("tiered", 1_200, { tiers: [{ after_minutes: 60, amount_minor: 600 }] })],
      1_500,
    ],
    [
      "weekends where they are",
      [rule("hourly", 1_000), rule("weekday", 9_000, { priority: 1, weekdays: ["sat"] })],
      1_500,
    ],
    [
      "evenings over midnight",
      [rule("time_of_day", 600, { priority: 1, ...evening }), rule("hourly", 1_200)],
      900,
      nobody,
      slot("2027-03-10T04:30:00Z", "2027-03-10T05:30:00Z"),
    ],
    [
      "a plan's rate for those on it",
      [rule("hourly", 1_000), rule("plan", 0, { priority: 1, plan_ids: ["gold"] })],
      0,
      gold,
    ],
    ["and for nobody else", [rule("hourly", 1_000), rule("plan", 0, { priority: 1, plan_ids: ["gold"] })], 1_500],
    [
      "percentages side by side",
      [
        rule("hourly", 1_000),
        rule("plan", null, { percent: -10, plan_ids: ["gold"] }),
        rule("skill", null, { percent: -20, skill_id: "saw" }),
      ],
      1_050,
      { ...gold, skills: [{ skill_id: "saw", level: "expert" }] },
    ],
    [
      "no discount below nothing",
      [
        rule("hourly", 1_000),
        rule("plan", null, { id: "a", percent: -80, plan_ids: ["gold"] }),
        rule("plan", null, { id: "b", percent: -80, plan_ids: ["gold"] }),
      ],
      0,
      gold,
    ],
    [
      "a premium below a level alone",
      [rule("hourly", 1_000), rule("skill", null, { percent: 50, skill_id: "saw", min_level: "advanced" })],
      1_500,
      { ...nobody, skills: [{ skill_id: "saw", level: "beginner" }] },
    ],
    ["the minimum", [rule("hourly", 1_000), rule("minimum", 2_000)], 2_000],
    ["the maximum before the minimum", [rule("hourly", 1_000), rule("minimum", 2_000), rule("maximum", 1_200)], 1_200],
    [
      "validity by the start",
      [rule("hourly", 1_000, { valid_from: noon.starts_at, valid_to: noon.starts_at + 1 })],
      1_500,
    ],
    ["and its end", [rule("hourly", 1_000, { valid_to: noon.starts_at })], 0],
    ["members", [rule("hourly", 1_000, { member_ids: ["ada"] })], 1_500, { ...nobody, member_id: "ada" }],
    ["projects", [rule("hourly", 1_000, { project_ids: ["boat"] })], 0],
    [
      "a begun minute whole",
      [rule("hourly", 6_000)],
      200,
      nobody,
      { starts_at: at("2027-03-10T11:00:20Z"), ends_at: at("2027-03-10T11:01:30Z") },
    ],
    [
      "an hour that is repeated twice",
      [rule("time_of_day", 600, { hours: { from: "02:00", to: "03:00" } })],
      1_200,
      nobody,
      slot("2027-10-30T22:00:00Z", "2027-10-31T06:00:00Z"),
    ],
    [
      "an hour that is jumped over not at all",
      [rule("time_of_day", 600, { hours: { from: "02:00", to: "03:00" } })],
      0,
      nobody,
      slot("2027-03-27T22:00:00Z", "2027-03-28T06:00:00Z"),
    ],
  ];
  it.each(cases)("count %s", (_, rules, expected, who = nobody, when = noon) => {
    expect(total(rules, when, who)).toBe(expected);
  });

  it("round once per line, half away from nothing", () => {
    expect(shareOf(5, 1, 10)).toBe(1);
    expect(shareOf(-5, 1, 10)).toBe(-1);
    expect(shareOf(4, 1, 10)).toBe(0);
    const thirds = estimate(book(rule("hourly", 100)), { starts_at: 0, ends_at: 20 * MINUTE }, nobody, berlin);
    expect(thirds.lines).toEqual([{ rule_id: "hourly-100", rule_type: "hourly", amount_minor: 33, minutes: 20 }]);
    // Beyond what a double holds exactly.
    expect(total([rule("hourly", 999_999_999_999)], { starts_at: 0, ends_at: 700 * HOUR })).toBe(699_999_999_999_300);
  });

  it("have windows on the wall clock, so that a day of weekdays is the zone's own", () => {
    const day = { sun: [{ from: "00:00", to: "24:00" }] };
    const sunday = stretches(day, berlin, at("2027-03-26T00:00:00Z"), at("2027-03-30T00:00:00Z")).find(
      ({ open }) => open,
    );
    expect((sunday?.to ?? 0) - (sunday?.from ?? 0)).toBe(23 * HOUR);
    const all = { starts_at: at("2027-03-26T00:00:00Z"), ends_at: at("2027-03-30T00:00:00Z") };
    expect(total([rule("weekday", 100, { weekdays: ["sun"] })], all)).toBe(2_300);
    expect(ruleTypes).toContain("deposit");
  });
});
