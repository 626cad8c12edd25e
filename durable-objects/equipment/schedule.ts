/** Who may hold which stretch of the machine, and what the clock does to a reservation. Pure. */

import {
  type BookingPolicy,
  holdsSlot,
  type Interval,
  minutesOf,
  type ReservationStatus,
} from "../../src/modules/equipment/model.ts";
import { MINUTE } from "../../src/platform/time.ts";

export const occupancyKinds = ["reservation", "walk_up", "hold", "offer"] as const;
export type OccupancyKind = (typeof occupancyKinds)[number];

/** A stretch that excludes every other. */
export interface Occupancy extends Interval {
  /** Of the reservation or session. */
  id: string;
  kind: OccupancyKind;
  member_id: string | null;
  /** Earlier than `starts_at` when its holder began early. */
  blocked_from: number;
  /** With the buffer, unless the holder's own next booking follows. */
  blocked_to: number;
  buffer_ms: number;
}

/** What somebody wants to hold. */
export interface Wish extends Interval {
  member_id: string | null;
  buffer_ms: number;
}

export type Fit =
  /** `trim_before`: where the same member's earlier booking now stops blocking, if that changes. */
  { ok: true; blocked_to: number; trim_before: number | null } | { ok: false; conflict: Interval };

/** The interval as its holder asked for it. */
export const plain = ({ starts_at, ends_at }: Interval): Interval => ({ starts_at, ends_at });

export const isWithin = (inner: Interval, outer: Interval): boolean =>
  outer.starts_at <= inner.starts_at && inner.ends_at <= outer.ends_at;

const isSameHolder = (a: { member_id: string | null }, b: { member_id: string | null }): boolean =>
  a.member_id !== null && a.member_id === b.member_id;

/**
 * Does a wish fit between its neighbours? `before` is the last occupancy that begins before the wish ends, `after` the first that begins
 * at or past its end. Buffers count, in both directions, except between bookings of one member.
 */
export function fits(wish: Wish, before: Occupancy | null, after: Occupancy | null): Fit {
  let trim_before: number | null = null;
  if (before) {
    const isOwn = isSameHolder(before, wish);
    if ((isOwn ? before.ends_at : before.blocked_to) > wish.starts_at) return { ok: false, conflict: plain(before) };
    if (isOwn && before.blocked_to > wish.starts_at) trim_before = wish.starts_at;
  }
  const blocked_to = wish.ends_at + wish.buffer_ms;
  if (!after || after.blocked_from >= blocked_to) return { ok: true, blocked_to, trim_before };
  if (!isSameHolder(after, wish)) return { ok: false, conflict: plain(after) };
  return { ok: true, blocked_to: after.blocked_from, trim_before };
}

/** Where an occupancy stops blocking once what followed it has gone or moved. */
export const restoredEnd = (occupancy: Occupancy, next: Occupancy | null): number =>
  Math.min(occupancy.ends_at + occupancy.buffer_ms, next?.blocked_from ?? Number.POSITIVE_INFINITY);

/** When a pending booking lapses. */
export const pendingExpiry = (now: number, starts_at: number, policy: BookingPolicy): number =>
  Math.min(now + policy.pending_ttl_minutes * MINUTE, starts_at);

export type ClockStep = "expire" | "begin" | "miss" | "lapse";

/** What the clock does next to a reservation from `now` on, and when; null when its life is over. A grace begins at the start, never earlier than now. */
export function clockStep(
  reservation: Interval & { status: ReservationStatus; expires_at: number | null },
  policy: BookingPolicy,
  now: number,
): { kind: ClockStep; due_at: number } | null {
  const { status, starts_at, ends_at, expires_at } = reservation;
  if (status === "pending") return { kind: "expire", due_at: expires_at ?? starts_at };
  if (status === "active") return { kind: "lapse", due_at: ends_at };
  if (status !== "approved") return null;
  if (policy.check_in === "none") return { kind: "begin", due_at: starts_at };
  if (policy.check_in === "optional") return { kind: "lapse", due_at: ends_at };
  return { kind: "miss", due_at: Math.min(Math.max(starts_at, now) + policy.grace_minutes * MINUTE, ends_at) };
}

/**
 * What a reservation counts against its member's hours, unless its step says otherwise: all that is planned, as long as it may still be
 * used, and when nobody came; nothing once staff or the clock have said no.
 */
export function countedMinutes(record: Interval & { status: ReservationStatus; counted_minutes: number }): number {
  const { status } = record;
  if (holdsSlot(status) || status === "no_show") return minutesOf(record);
  return status === "rejected" || status === "expired" ? 0 : record.counted_minutes;
}

/** What is left of the counted minutes when the use ends: from its start, or the booking's if that is sooner. */
export const usedMinutes = (counted: number, from: number, now: number): number =>
  Math.min(counted, minutesOf({ starts_at: from, ends_at: now }));
