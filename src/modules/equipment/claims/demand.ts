/** What a step adds to what a member has booked: pure arithmetic of the limits that count across machines. */

import type { ReasonInput } from "../../../platform/problem.ts";
import { toIso } from "../../../platform/time.ts";
import { type Interval, minutesOf } from "../model.ts";
import type { ReservationRecord } from "../port.ts";
import { beyondQuota, type QuotaWindow } from "./quotas.ts";

/** What is asked for. A booking that reaches into the next cycle counts whole in the one it starts in. */
export interface Demand {
  kind: "reservation" | "session";
  /** Of the reservation or session. */
  booking_id: string;
  /** The first version of its row that counts what is asked for here. */
  settled_by: number;
  /** Open bookings more. */
  bookings: 0 | 1;
  /** Minutes more, in the cycle that holds `starts_at`. */
  minutes: number;
  starts_at: number;
  /** Of a booking that moves: what it counts now, where it starts, and what it will count. */
  moved?: { starts_at: number; counted_minutes: number; whole: number };
}

/** Limits of a plan that count; null is none. */
export interface CountedLimits {
  max_open_bookings: number | null;
  minutes_per_cycle: number | null;
}

/** The cycle in which minutes are counted, epoch milliseconds. */
export interface Cycle {
  from: number;
  to: number;
}

/** What a member has in use, this demand apart. */
export interface Used {
  bookings: number;
  minutes: number;
  minutes_per_day?: number;
  minutes_per_week?: number;
  minutes_per_month?: number;
}

/** What the makerspace says of each member, for a demand at its time. */
export interface Quotas {
  open_bookings: number | null;
  windows: readonly QuotaWindow[];
}

/** The minutes that a demand adds to a window which holds its start: of what moves within it, only what is more. */
export function minutesIn({ minutes, moved }: Demand, { from, to }: Cycle): number {
  if (!moved) return minutes;
  const isWithin = from <= moved.starts_at && moved.starts_at < to;
  return Math.max(0, moved.whole - (isWithin ? moved.counted_minutes : 0));
}

/** True when a limit counts what is asked for: only then D1 is asked. */
export const isCounted = (limits: CountedLimits, quotas: Quotas, demand: Demand): boolean =>
  ((limits.max_open_bookings !== null || quotas.open_bookings !== null) && demand.bookings > 0) ||
  (limits.minutes_per_cycle !== null && demand.minutes > 0) ||
  quotas.windows.some((window) => minutesIn(demand, window) > 0);

/** A new booking. */
export const demandOfBooking = (booking_id: string, slot: Interval): Demand => ({
  kind: "reservation",
  booking_id,
  settled_by: 1,
  bookings: 1,
  minutes: minutesOf(slot),
  starts_at: slot.starts_at,
});

/** A walk-up: it is use, and no booking ahead. */
export const demandOfWalkUp = (booking_id: string, starts_at: number, minutes: number): Demand => ({
  kind: "session",
  booking_id,
  settled_by: 1,
  bookings: 0,
  minutes,
  starts_at,
});

/** An excused no-show that is open again; its minutes have counted all along. */
export const demandOfExcuse = (missed: ReservationRecord): Demand => ({
  kind: "reservation",
  booking_id: missed.id,
  settled_by: missed.version + 1,
  bookings: 1,
  minutes: 0,
  starts_at: missed.starts_at,
});

/**
 * Another time for a booking: what it takes more than it has in the same cycle, all of it in another one. Until its row says so it goes on
 * counting in the old one, too, which is stricter and never less.
 */
export function demandOfMove(current: ReservationRecord, slot: Interval, isSameCycle: boolean): Demand {
  const minutes = minutesOf(slot) - (isSameCycle ? current.counted_minutes : 0);
  return {
    kind: "reservation",
    booking_id: current.id,
    settled_by: current.version + 1,
    bookings: 0,
    minutes: Math.max(0, minutes),
    starts_at: slot.starts_at,
    moved: {
      starts_at: current.starts_at,
      counted_minutes: current.counted_minutes,
      whole: minutesOf(slot),
    },
  };
}

/** The limits that this demand would cross, with what would help. */
export function exceeded(
  { limits, quotas, cycle }: { limits: CountedLimits; quotas: Quotas; cycle: Cycle },
  demand: Demand,
  used: Used,
): ReasonInput[] {
  const { max_open_bookings, minutes_per_cycle } = limits;
  const { open_bookings, windows } = quotas;
  const reasons: ReasonInput[] = [];
  if (open_bookings !== null && demand.bookings > 0 && used.bookings + demand.bookings > open_bookings) {
    reasons.push({
      code: "quota_open_bookings",
      detail: `Each member has at most ${open_bookings} open bookings here.`,
      fix: "Use or cancel one of them first.",
      limit: { max_open_bookings: open_bookings, open_bookings: used.bookings },
    });
  }
  for (const window of windows) {
    reasons.push(...beyondQuota(window, used[`minutes_per_${window.span}`] ?? 0, minutesIn(demand, window)));
  }
  if (max_open_bookings !== null && demand.bookings > 0 && used.bookings + demand.bookings > max_open_bookings) {
    reasons.push({
      code: "open_bookings_used_up",
      detail: `The plan holds at most ${max_open_bookings} open bookings.`,
      fix: "Use or cancel one of them first.",
      limit: { max_open_bookings, open_bookings: used.bookings },
    });
  }
  if (minutes_per_cycle !== null && demand.minutes > 0 && used.minutes + demand.minutes > minutes_per_cycle) {
    reasons.push({
      code: "minutes_used_up",
      detail: `The plan gives ${minutes_per_cycle} minutes in each cycle.`,
      fix: `Ask for ${Math.max(0, minutes_per_cycle - used.minutes)} minutes or less, or for a time in another cycle.`,
      limit: {
        minutes_per_cycle,
        minutes_used: used.minutes,
        cycle_from: toIso(cycle.from),
        cycle_to: toIso(cycle.to),
      },
    });
  }
  return reasons;
}
