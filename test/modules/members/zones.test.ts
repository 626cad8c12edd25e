/** Periods of a makerspace that changes its time zone: nobody pays a whole cycle for the rest of one. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BillingCycle } from "../../../src/modules/members/memberships/cycles.ts";
import { firstPeriod, nextPeriod, type Stay } from "../../../src/modules/members/memberships/model.ts";
import { DAY, HOUR } from "../../../src/platform/time.ts";

const zones = [
  "Pacific/Kiritimati",
  "Pacific/Chatham",
  "Asia/Kolkata",
  "Europe/Berlin",
  "Europe/London",
  "UTC",
  "America/Santiago",
  "America/Los_Angeles",
  "Pacific/Niue",
  "Etc/GMT+12",
];
/** The shortest cycle of each kind, in days. */
const shortest = { daily: 1, weekly: 7, monthly: 28, quarterly: 89, yearly: 365 };
const cycles = Object.keys(shortest) as (keyof typeof shortest)[];

const termsOf = (billing_cycle: BillingCycle) => ({
  price_minor: 9_900,
  setup_fee_minor: 0,
  early_termination_fee_minor: 0,
  billing_cycle,
  trial_days: 0,
  grace_days: 0,
  promo: null,
});

const begun = (billing_cycle: BillingCycle, from: number, timezone: string): Stay => ({
  ...firstPeriod(termsOf(billing_cycle), from, timezone, { trial: false, setup_minor: 0, code: null, priced_at: from })
    .columns,
  auto_renew: true,
  cancels_at_end: false,
  next_plan_id: null,
  paused_until: null,
  status: "active",
  contract_ends_at: null,
});

describe("the next period", () => {
  it("after a move westwards ends with the following cycle: an hour is not paid for as a month", () => {
    const stay = begun("monthly", Date.parse("2027-01-10T10:00:00Z"), "Europe/Berlin");
    const { period } = nextPeriod(stay, termsOf("monthly"), stay.ends_at, "UTC", 0);
    expect([period.from, period.to].map((at) => new Date(at).toISOString())).toEqual([
      "2027-02-09T23:00:00.000Z",
      "2027-03-10T00:00:00.000Z",
    ]);
  });

  it("is about a cycle long, whatever zones the makerspace goes through", () => {
    const moves = fc.record({
      billing_cycle: fc.constantFrom(...cycles),
      from: fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2032, 0, 1) }),
      path: fc.array(fc.constantFrom(...zones), { minLength: 2, maxLength: 6 }),
    });
    fc.assert(
      fc.property(moves, ({ billing_cycle, from, path: [home = "UTC", ...path] }) => {
        let stay = begun(billing_cycle, from, home);
        for (const zone of path) {
          const { columns, period } = nextPeriod(stay, termsOf(billing_cycle), stay.ends_at, zone, 0);
          const length = period.to - period.from;
          const least = shortest[billing_cycle] * DAY;
          // Clocks take an hour or two; a move eastwards takes up to 27 hours, but of a single day nothing.
          expect(length).toBeGreaterThanOrEqual(billing_cycle === "daily" ? 23 * HOUR : least - 29 * HOUR);
          expect(length).toBeLessThanOrEqual(least * 1.12 + 50 * HOUR);
          stay = { ...stay, ...columns };
        }
      }),
      { numRuns: 800 },
    );
  });
});
