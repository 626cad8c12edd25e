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

/** True when a session may run into this: somebody else has booked it, and it is not over. */
export const isInTheWay = (session: { member_id: string }, held: Occupancy, at: number): boolean =>
  held.kind === "reservation" && held.member_id !== session.member_id && held.ends_at > at;

/** When an overrun comes so near to a booking that its holder is told. */
export const reachedAt = (held: Interval): number => held.starts_at - COLLISION_WINDOW_MS + 1;
