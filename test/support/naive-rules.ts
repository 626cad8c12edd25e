/** What the naive machine is made of. Times are ticks of five minutes. */

import type { BookingPolicy, ReservationStatus } from "../../src/modules/equipment/model.ts";
import type { RefusalCode } from "../../src/modules/equipment/port.ts";

export interface NaiveBooking {
  id: string;
  member: string;
  status: ReservationStatus;
  born: number;
  starts: number;
  ends: number;
  version: number;
  /** Minutes against the hours of its member's plan, to the minute or so once it was ended early. */
  counted: number;
  /** The series it belongs to. */
  series: string | null;
  /** What the clock does next, and when. */
  due: { step: "expire" | "begin" | "miss" | "lapse"; at: number } | null;
}

/** A slot that is kept while its member chooses. */
export interface NaiveKept {
  id: string;
  member: string;
  starts: number;
  ends: number;
  until: number;
  renewals: number;
  /** When it was first kept, though its time may have changed since. */
  born: number;
}

export interface NaiveSession {
  id: string;
  member: string;
  booking: string | null;
  started: number;
  planned: number;
  overrun: boolean;
}

/** A booking that is asked for. */
export interface Wanted {
  id: string;
  member: string;
  staff: boolean;
  starts: number;
  ends: number;
  series: string | null;
}

/** A stretch that somebody has, or whose buffer still counts. */
export interface Hold {
  id: string;
  member: string;
  from: number;
  ends: number;
}

/** A time in which the machine is out of service. */
export interface NaiveOutage {
  id: string;
  from: number;
  to: number;
  lifted: boolean;
}

/** The policy in ticks. */
export interface NaiveRules {
  approval: BookingPolicy["approval"];
  check_in: BookingPolicy["check_in"];
  buffer: number;
  notice: number;
  max: number;
  grace: number;
  ttl: number;
  /** Opening hours of every day, ticks from the morning; null is always open. */
  hours: { from: number; to: number } | null;
  /** How long a slot is kept for somebody who chooses. */
  hold: number;
  /** A member's cancellation later than this before the start gives nothing back. */
  cancel: number;
}

export type Verdict = "ok" | RefusalCode;

const DAY = 288;

/** When the makerspace closes that is open at this tick; null when it is closed. */
export function closesAt({ hours }: NaiveRules, at: number): number | null {
  if (!hours) return Number.POSITIVE_INFINITY;
  const since = (((at - hours.from) % DAY) + DAY) % DAY;
  return since < hours.to - hours.from ? at - since + (hours.to - hours.from) : null;
}

export const isOpen = (rules: NaiveRules, from: number, to: number): boolean =>
  (closesAt(rules, from) ?? Number.NEGATIVE_INFINITY) >= to;

/** What the clock does next to a booking, and when. */
export function nextStep(
  rules: NaiveRules,
  { status, born, starts, ends }: NaiveBooking,
  now: number,
): NaiveBooking["due"] {
  const { check_in, grace, ttl } = rules;
  if (status === "pending") return { step: "expire", at: Math.min(born + ttl, starts) };
  if (status === "active") return { step: "lapse", at: ends };
  if (status !== "approved") return null;
  if (check_in === "none") return { step: "begin", at: starts };
  if (check_in === "optional") return { step: "lapse", at: ends };
  return { step: "miss", at: Math.min(Math.max(starts, now) + grace, ends) };
}

/** When a hold runs out: after its time, never past its renewals or its start. */
export const keptUntil = ({ hold }: NaiveRules, now: number, born: number, starts: number): number =>
  Math.min(now + hold, born + 3 * hold, starts);

/** What was not booked before lies in the opening hours. */
export function isFreshOpen(rules: NaiveRules, booking: NaiveBooking, starts: number, ends: number): boolean {
  if (starts === booking.starts) return isOpen(rules, booking.ends, ends);
  if (ends === booking.ends) return isOpen(rules, starts, booking.starts);
  return isOpen(rules, starts, ends);
}
