/** Quotas of the makerspace on each member, on its calendar. Pure. */

import type { ReasonInput } from "../../../platform/problem.ts";
import { DAY, toIso } from "../../../platform/time.ts";
import type { Zone } from "../../../platform/zone.ts";

/** Null is no limit. Minutes count in the day, week (from Monday) and month that a booking starts in. */
export interface MemberQuotas {
  open_bookings: number | null;
  minutes_per_day: number | null;
  minutes_per_week: number | null;
  minutes_per_month: number | null;
}

export const spans = ["day", "week", "month"] as const;
export type Span = (typeof spans)[number];

/** A stretch of the calendar in which minutes are limited, epoch milliseconds. */
export interface QuotaWindow {
  span: Span;
  limit: number;
  from: number;
  to: number;
}

/** The first instant of a local day, by its number. */
function midnight(zone: Zone, day: number): number {
  const guess = day * DAY - zone.offset(day * DAY);
  return day * DAY - zone.offset(guess);
}

/** The local days that a span begins and ends with; the end is not part of it. */
function daysOf(span: Span, day: number): [from: number, to: number] {
  if (span === "day") return [day, day + 1];
  if (span === "week") {
    // 1970-01-01 was a Thursday.
    const monday = day - ((((day + 3) % 7) + 7) % 7);
    return [monday, monday + 7];
  }
  const date = new Date(day * DAY);
  const first = (months: number): number => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) / DAY;
  return [first(0), first(1)];
}

/** The windows that limit a booking which starts then. */
export function windowsAt(quotas: MemberQuotas, zone: () => Zone, starts_at: number): QuotaWindow[] {
  return spans.flatMap((span) => {
    const limit = quotas[`minutes_per_${span}`];
    if (limit === null) return [];
    const [from, to] = daysOf(span, zone().day(starts_at)).map((day) => midnight(zone(), day)) as [number, number];
    return [{ span, limit, from, to }];
  });
}

/** What is said of a window that has no room for so many minutes more. */
export function beyondQuota({ span, limit, from, to }: QuotaWindow, used: number, wanted: number): ReasonInput[] {
  if (wanted === 0 || used + wanted <= limit) return [];
  const left = Math.max(0, limit - used);
  return [
    {
      code: `quota_minutes_per_${span}`,
      detail: `Each member has at most ${limit} minutes a ${span}.`,
      fix: `Ask for ${left} minutes or less, or for a time in another ${span}.`,
      limit: { [`minutes_per_${span}`]: limit, minutes_used: used, from: toIso(from), to: toIso(to) },
    },
  ];
}

/** How a makerspace answers who does not come again and again. */
export interface CoolDown {
  /** So many no-shows … */
  after: number;
  /** … within so many days … */
  within_days: number;
  /** … and for so many days after the last of them nothing is booked. */
  days: number;
}

/** Looked back at most. */
export const COOL_DOWN_MOST = { after: 10, within_days: 90 } as const;

/** @param missed starts of the newest missed bookings, newest first */
export function coolingDown(rule: CoolDown | null, missed: readonly number[], now: number): ReasonInput[] {
  if (!rule) return [];
  const [last] = missed;
  const first = missed[rule.after - 1];
  if (last === undefined || first === undefined || first <= last - rule.within_days * DAY) return [];
  const until = last + rule.days * DAY;
  if (until <= now) return [];
  return [
    {
      code: "cool_down",
      detail: `${rule.after} bookings within ${rule.within_days} days were not used.`,
      fix: `Book again from ${toIso(until)} on, or ask the staff to excuse one of them.`,
      limit: { no_shows: rule.after, within_days: rule.within_days, until: toIso(until) },
    },
  ];
}
