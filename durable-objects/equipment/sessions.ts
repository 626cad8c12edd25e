/** How long a stretch of use may last, and whom an overrun meets. Pure. */

import { CHECK_IN_OPENS_MINUTES, type Interval } from "../../src/modules/equipment/model.ts";
import { HOUR, MINUTE } from "../../src/platform/time.ts";
import type { Occupancy } from "./schedule.ts";

/** An overrun names the booking it runs into when that starts within this. */
export const COLLISION_WINDOW_MS = HOUR;

/** A walk-up shorter than this is refused. */
export const SHORTEST_WALK_UP_MS = MINUTE;

/** Check-in and the start of a booked session open at this instant. */
export const opensAt = (slot: Interval): number => slot.starts_at - CHECK_IN_OPENS_MINUTES * MINUTE;

/**
 * When a walk-up that starts now must end: after what was planned, or before the next occupancy with this machine's buffer in between
 * (none before the same member's own). Null when that leaves less than a minute.
 */
export function walkUpEnd(
  now: number,
  planned_ms: number,
  holder: { member_id: string; buffer_ms: number },
  next: Occupancy | null,
): number | null {
  const buffer = next?.member_id === holder.member_id ? 0 : holder.buffer_ms;
  const end = Math.min(now + planned_ms, next ? next.blocked_from - buffer : Number.POSITIVE_INFINITY);
  return end - now < SHORTEST_WALK_UP_MS ? null : end;
}

/** The booking of somebody else that a session past its plan runs into, or null. */
export function collision(
  session: { planned_end_at: number; member_id: string },
  next: Occupancy | null,
): Occupancy | null {
  if (next?.kind !== "reservation" || next.member_id === session.member_id) return null;
  return next.starts_at < session.planned_end_at + COLLISION_WINDOW_MS ? next : null;
}
