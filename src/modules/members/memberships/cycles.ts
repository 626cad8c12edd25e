/**
 * Billing cycles on a makerspace's wall clock. Pure.
 * Cycles of a day or longer begin at local midnight, counted from the date of the anchor and never from each other: a month
 * from the 31st ends on the last day of a short month and comes back to the 31st after it.
 */

import { Temporal } from "temporal-polyfill";
import { HOUR } from "../../../platform/time.ts";

export const billingCycles = ["hourly", "daily", "weekly", "monthly", "quarterly", "yearly", "lifetime"] as const;
export type BillingCycle = (typeof billingCycles)[number];

/** Whether a membership of such a cycle may go on by itself: hours are bought one by one, and a life is bought once. */
export const mayRenewItself = (billing_cycle: BillingCycle): boolean =>
  billing_cycle !== "hourly" && billing_cycle !== "lifetime";

/** The end of what has none: the year 10000. */
export const ENDLESS = 253_402_300_800_000;

/** [from, to) in epoch milliseconds. */
export interface Period {
  from: number;
  to: number;
}

/** Where cycles are counted from: hours from the instant, everything longer from the local date. */
export interface CycleAnchor {
  billing_cycle: BillingCycle;
  /** Local date, "2026-11-22". */
  anchor_on: string;
  /** Epoch milliseconds. */
  anchor_at: number;
}

const steps = {
  daily: { days: 1 },
  weekly: { days: 7 },
  monthly: { months: 1 },
  quarterly: { months: 3 },
  yearly: { months: 12 },
} as const satisfies Partial<Record<BillingCycle, { days: number } | { months: number }>>;

/** The local midnight that begins a date; where clocks skip it, the first moment of the day. */
const midnight = (date: Temporal.PlainDate, timezone: string): number =>
  date.toZonedDateTime({ timeZone: timezone }).epochMilliseconds;

const zonedAt = (instant: number, timezone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timezone);

const dateAt = (instant: number, timezone: string): Temporal.PlainDate => zonedAt(instant, timezone).toPlainDate();

/** The local date of an instant, "2026-11-22". */
export const localDate = (instant: number, timezone: string): string => dateAt(instant, timezone).toString();

/** The local midnight `days` after the local day of an instant; with 0 the one that began that day. */
export const midnightAfter = (instant: number, days: number, timezone: string): number =>
  midnight(dateAt(instant, timezone).add({ days }), timezone);

/** The local midnight `months` after the local day of an instant. */
export const midnightAfterMonths = (instant: number, months: number, timezone: string): number =>
  midnight(dateAt(instant, timezone).add({ months }), timezone);

/** The local day of a date, "2026-11-22". */
export const dayOn = (on: string, timezone: string): Period => {
  const date = Temporal.PlainDate.from(on);
  return { from: midnight(date, timezone), to: midnight(date.add({ days: 1 }), timezone) };
};

/** Whole local days from the day of one instant to the day of another. */
export const daysBetween = (from: number, to: number, timezone: string): number =>
  dateAt(from, timezone).until(dateAt(to, timezone), { largestUnit: "days" }).days;

/** Days that have passed whole, by the wall clock: from midnight to midnight is one, from 23:59 to 00:01 none. */
export const wholeDays = (from: number, to: number, timezone: string): number =>
  Math.max(0, zonedAt(from, timezone).until(zonedAt(to, timezone), { largestUnit: "days" }).days);

/** The same time of the day `days` later; of a local midnight, the local midnight. */
export const daysLater = (instant: number, days: number, timezone: string): number =>
  instant === midnightAfter(instant, 0, timezone)
    ? midnightAfter(instant, days, timezone)
    : zonedAt(instant, timezone).add({ days }).epochMilliseconds;

function calendarCycle(step: { days: number } | { months: number }, anchor_on: string, instant: number, zone: string) {
  const anchor = Temporal.PlainDate.from(anchor_on);
  const begin = (count: number): number =>
    midnight(anchor.add("days" in step ? { days: step.days * count } : { months: step.months * count }), zone);
  const date = dateAt(instant, zone);
  const passed =
    "days" in step
      ? anchor.until(date, { largestUnit: "days" }).days / step.days
      : ((date.year - anchor.year) * 12 + date.month - anchor.month) / step.months;
  // The guess is off by one at most, where the month's day has not come yet.
  let count = Math.floor(passed);
  while (begin(count) > instant) count -= 1;
  while (begin(count + 1) <= instant) count += 1;
  return { from: begin(count), to: begin(count + 1) };
}

/**
 * The billing cycle that contains an instant, before or after the anchor. Cycles tile time: each begins where the one before ends.
 * What is counted per cycle is counted per month on a plan for life: its billing cycle would never begin anew.
 */
export function cycleAt(anchor: CycleAnchor, instant: number, timezone: string): Period {
  if (anchor.billing_cycle === "hourly") {
    const from = anchor.anchor_at + Math.floor((instant - anchor.anchor_at) / HOUR) * HOUR;
    return { from, to: from + HOUR };
  }
  const step = anchor.billing_cycle === "lifetime" ? steps.monthly : steps[anchor.billing_cycle];
  return calendarCycle(step, anchor.anchor_on, instant, timezone);
}

/** Where minutes are counted from: as an anchor says, but for the cycle that a pause has made longer. */
export interface CountedAnchor extends CycleAnchor {
  /** That cycle, null without a pause. It is one: a pause gives days, never minutes. */
  stretched: Period | null;
}

/** The cycle in which what happens at an instant is counted. The one before a stretched cycle, and the one after it, meet it. */
export function countedCycleAt(anchor: CountedAnchor, instant: number, timezone: string): Period {
  const { stretched } = anchor;
  const cycle = cycleAt(anchor, instant, timezone);
  if (stretched === null) return cycle;
  if (instant < stretched.from) return { from: cycle.from, to: Math.min(cycle.to, stretched.from) };
  if (instant < stretched.to) return stretched;
  return { from: Math.max(cycle.from, stretched.to), to: cycle.to };
}

/**
 * The cycle that holds the beginning of a pause, as long again as the pause's whole days: it ends with a cycle of the new anchor, the one
 * that is nearest, since months differ in length.
 */
export function stretchedBy(
  before: CountedAnchor,
  anchor_on: string,
  paused_at: number,
  days: number,
  timezone: string,
): Period {
  const { from, to } = countedCycleAt(before, paused_at, timezone);
  const wanted = daysLater(to, days, timezone);
  const near = cycleAt({ ...before, anchor_on }, wanted, timezone);
  const isEarlier = wanted - near.from < near.to - wanted && near.from > paused_at;
  return { from, to: isEarlier ? near.from : near.to };
}

/** Where the billing cycle that contains an instant ends; ENDLESS for life. */
export const periodEnd = (anchor: CycleAnchor, instant: number, timezone: string): number =>
  anchor.billing_cycle === "lifetime" ? ENDLESS : cycleAt(anchor, instant, timezone).to;

/** An end as it is told: null for none. */
export const endOf = (at: number): number | null => (at >= ENDLESS ? null : at);
