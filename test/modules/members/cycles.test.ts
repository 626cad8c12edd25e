/** Billing cycles on a wall clock: they tile time, keep their day of the month, and are as long as the days in them. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cycleAt } from "../../../src/modules/members/index.ts";
import {
  type BillingCycle,
  billingCycles,
  countedCycleAt,
  daysBetween,
  daysLater,
  ENDLESS,
  localDate,
  midnightAfter,
  midnightAfterMonths,
  periodEnd,
  stretchedBy,
  wholeDays,
} from "../../../src/modules/members/memberships/cycles.ts";
import { DAY, HOUR } from "../../../src/platform/time.ts";

const zones = [
  "UTC",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
  // Clocks go forward at midnight there: the day begins at one.
  "America/Santiago",
  "Africa/Cairo",
];
const from = Date.UTC(2024, 0, 1);
const instants = fc.integer({ min: from, max: Date.UTC(2034, 0, 1) });
const cases = fc.record({
  timezone: fc.constantFrom(...zones),
  billing_cycle: fc.constantFrom(...billingCycles),
  anchor_at: instants,
  at: instants,
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const anchorOf = ({ billing_cycle, anchor_at, timezone }: Omit<Case, "at">) => ({
  billing_cycle,
  anchor_at,
  anchor_on: localDate(anchor_at, timezone),
});

const at = (iso: string): number => Date.parse(iso);
const cycle = (billing_cycle: BillingCycle, anchor: string, instant: string, timezone: string) => {
  const found = cycleAt(anchorOf({ billing_cycle, anchor_at: at(anchor), timezone }), at(instant), timezone);
  return [new Date(found.from).toISOString(), new Date(found.to).toISOString()];
};

describe("billing cycles", () => {
  it("tile time: each contains its instant, and its neighbours meet it", () => {
    fc.assert(
      fc.property(cases, (one) => {
        const anchor = anchorOf(one);
        const here = cycleAt(anchor, one.at, one.timezone);
        expect(here.from).toBeLessThanOrEqual(one.at);
        expect(here.to).toBeGreaterThan(one.at);
        expect(cycleAt(anchor, here.to - 1, one.timezone)).toEqual(here);
        expect(cycleAt(anchor, here.from, one.timezone)).toEqual(here);
        expect(cycleAt(anchor, here.from - 1, one.timezone).to).toBe(here.from);
        expect(cycleAt(anchor, here.to, one.timezone).from).toBe(here.to);
      }),
      { numRuns: 1_500 },
    );
  });

  it("of a day and longer begin and end when a local day begins; those of an hour on the minute of the anchor", () => {
    fc.assert(
      fc.property(cases, (one) => {
        const here = cycleAt(anchorOf(one), one.at, one.timezone);
        if (one.billing_cycle === "hourly") {
          expect(Math.abs((here.from - one.anchor_at) % HOUR)).toBe(0);
          expect(here.to - here.from).toBe(HOUR);
          return;
        }
        for (const edge of [here.from, here.to]) {
          expect(edge).toBe(midnightAfter(edge, 0, one.timezone));
          expect(localDate(edge - 1, one.timezone)).not.toBe(localDate(edge, one.timezone));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("keep their day of the month, or take the last day of a shorter one", () => {
    fc.assert(
      fc.property(cases, (one) => {
        const anchor = anchorOf({ ...one, billing_cycle: "monthly" });
        const here = cycleAt(anchor, one.at, one.timezone);
        const wanted = Number(anchor.anchor_on.slice(8));
        const date = localDate(here.from, one.timezone);
        const last = new Date(Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)), 0)).getUTCDate();
        expect(Number(date.slice(8))).toBe(Math.min(wanted, last));
      }),
      { numRuns: 1_000 },
    );
  });

  it("from the 31st go by the ends of months, and back to the 31st", () => {
    const monthly = (instant: string) => cycle("monthly", "2027-01-31T10:00:00Z", instant, "UTC");
    expect(monthly("2027-02-10T00:00:00Z")).toEqual(["2027-01-31T00:00:00.000Z", "2027-02-28T00:00:00.000Z"]);
    expect(monthly("2027-03-01T00:00:00Z")).toEqual(["2027-02-28T00:00:00.000Z", "2027-03-31T00:00:00.000Z"]);
    expect(monthly("2027-04-30T00:00:00Z")).toEqual(["2027-04-30T00:00:00.000Z", "2027-05-31T00:00:00.000Z"]);
    expect(cycle("yearly", "2028-02-29T10:00:00Z", "2029-03-01T00:00:00Z", "UTC")).toEqual([
      "2029-02-28T00:00:00.000Z",
      "2030-02-28T00:00:00.000Z",
    ]);
    expect(cycle("quarterly", "2026-11-30T10:00:00Z", "2027-02-28T10:00:00Z", "UTC")).toEqual([
      "2027-02-28T00:00:00.000Z",
      "2027-05-30T00:00:00.000Z",
    ]);
  });

  it("of a month in Kolkata begin at half past six in the evening of UTC", () => {
    // 22:00 UTC on the 21st is the 22nd there.
    expect(cycle("monthly", "2026-11-21T22:00:00Z", "2026-12-01T00:00:00Z", "Asia/Kolkata")).toEqual([
      "2026-11-21T18:30:00.000Z",
      "2026-12-21T18:30:00.000Z",
    ]);
  });

  it("are an hour shorter or longer when clocks change", () => {
    expect(cycle("monthly", "2027-03-10T10:00:00Z", "2027-03-20T10:00:00Z", "Europe/Berlin")).toEqual([
      "2027-03-09T23:00:00.000Z",
      "2027-04-09T22:00:00.000Z",
    ]);
    const length = (instant: string): number => {
      const [begin = "", end = ""] = cycle("daily", "2027-01-01T10:00:00Z", instant, "Europe/Berlin");
      return (at(end) - at(begin)) / HOUR;
    };
    expect([length("2027-03-28T12:00:00Z"), length("2027-06-01T12:00:00Z"), length("2027-10-31T12:00:00Z")]).toEqual([
      23, 24, 25,
    ]);
    // Clocks go forward at midnight: the day begins at one.
    expect(cycle("daily", "2027-09-01T12:00:00Z", "2027-09-05T12:00:00Z", "America/Santiago")[0]).toBe(
      "2027-09-05T04:00:00.000Z",
    );
  });

  it("for life never end, while what is counted per cycle begins anew each month", () => {
    const anchor = anchorOf({ billing_cycle: "lifetime", anchor_at: at("2026-11-22T10:00:00Z"), timezone: "UTC" });
    expect(periodEnd(anchor, from, "UTC")).toBe(ENDLESS);
    expect(cycleAt(anchor, at("2027-02-01T00:00:00Z"), "UTC")).toEqual({
      from: at("2027-01-22T00:00:00Z"),
      to: at("2027-02-22T00:00:00Z"),
    });
  });
});

describe("a pause", () => {
  it("makes the cycle that it began in longer, and all cycles go on tiling time", () => {
    const pauses = fc.record({
      one: cases,
      days: fc.integer({ min: 1, max: 120 }),
      ahead: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(pauses, ({ one, days, ahead }) => {
        fc.pre(one.billing_cycle !== "hourly" && one.billing_cycle !== "lifetime");
        const { timezone, at: paused_at } = one;
        const before = { ...anchorOf(one), stretched: null };
        const held = cycleAt(before, paused_at, timezone);
        let ends_at = held.to;
        for (let count = 0; count < ahead; count += 1) ends_at = cycleAt(before, ends_at, timezone).to;
        const anchor_on = localDate(daysLater(ends_at, days, timezone), timezone);
        const stretched = stretchedBy(before, anchor_on, paused_at, days, timezone);
        const after = { ...before, anchor_on, stretched };
        expect(stretched.from).toBe(held.from);
        // Months differ by three days.
        expect(Math.abs(stretched.to - daysLater(held.to, days, timezone))).toBeLessThanOrEqual(3 * DAY + HOUR);
        let here = countedCycleAt(after, paused_at, timezone);
        expect(here).toEqual(stretched);
        expect(countedCycleAt(after, here.from - 1, timezone).to).toBe(here.from);
        for (let count = 0; count < 4; count += 1) {
          const next = countedCycleAt(after, here.to, timezone);
          expect(next).toEqual(cycleAt(after, here.to, timezone));
          expect(next.from).toBe(here.to);
          here = next;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("counts days that are whole by the wall clock", () => {
    expect(wholeDays(at("2026-11-22T23:59:00Z"), at("2026-11-23T00:01:00Z"), "UTC")).toBe(0);
    // The day on which clocks go forward has 23 hours.
    expect(wholeDays(at("2027-03-27T23:00:00Z"), at("2027-03-28T22:00:00Z"), "Europe/Berlin")).toBe(1);
    expect(daysLater(at("2027-03-27T09:00:00Z"), 1, "Europe/Berlin")).toBe(at("2027-03-28T08:00:00Z"));
  });
});

describe("local days", () => {
  it("are counted by the calendar, whatever the clocks do", () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 0, max: 800 }), ({ timezone, at: instant }, days) => {
        const later = midnightAfter(instant, days, timezone);
        expect(daysBetween(instant, later, timezone)).toBe(days);
        expect(Math.abs(later - midnightAfter(instant, 0, timezone) - days * DAY)).toBeLessThanOrEqual(HOUR);
      }),
      { numRuns: 500 },
    );
    expect(midnightAfterMonths(at("2026-11-30T23:30:00Z"), 3, "Europe/Berlin")).toBe(at("2027-02-28T23:00:00Z"));
  });
});
