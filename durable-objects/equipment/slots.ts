/** Taking and giving up stretches of the machine, in step with buffers and with a session that runs over. */

import type { Interval } from "../../src/modules/equipment/model.ts";
import { MINUTE } from "../../src/platform/time.ts";
import { type Fit, fits, type Occupancy, type OccupancyKind, restoredEnd, type Wish } from "./schedule.ts";
import { isInTheWay, reachedAt } from "./sessions.ts";
import type { Turn } from "./turn.ts";

/** The slot that a member's booking holds; with today's buffer, unless it has one already. */
export const wishOf = (
  { machine }: Turn,
  member_id: string | null,
  { starts_at, ends_at }: Interval,
  buffer_ms = machine.policy.buffer_minutes * MINUTE,
): Wish => ({ member_id, starts_at, ends_at, buffer_ms });

/** Would the wish fit, looking past what `id` holds now? The conflict, or what to write. */
export function check(turn: Turn, id: string, wish: Wish): Fit {
  // Without a buffer nothing reaches past the end, so that what follows is not looked at.
  const after = wish.buffer_ms > 0 ? turn.store.occupancy.after(wish.ends_at, id) : null;
  const fitting = fits(wish, turn.store.occupancy.before(wish.ends_at, id), after);
  if (fitting.ok || !turn.store.occupancy.isUnguarded) return fitting;
  return { ok: true, blocked_to: wish.ends_at + wish.buffer_ms, trim_before: null };
}

/**
 * Holds the wish for a reservation or walk-up, in place of `held`, what it held so far; or answers the plain interval it clashes with
 * and changes nothing. `from` is where it blocks, when that is not its start.
 */
export function place(
  turn: Turn,
  kind: OccupancyKind,
  id: string,
  wish: Wish,
  held: Occupancy | null = null,
  from = wish.starts_at,
): Interval | null {
  const fitting = check(turn, held?.id ?? id, { ...wish, starts_at: from });
  if (!fitting.ok) return fitting.conflict;
  const { member_id, buffer_ms, starts_at, ends_at } = wish;
  if (held) turn.store.occupancy.unhold(held);
  if (fitting.trim_before !== null) {
    const before = turn.store.occupancy.before(from);
    if (before) turn.store.occupancy.blockTo(before, fitting.trim_before);
  }
  const { blocked_to } = fitting;
  const occupancy = { kind, id, member_id, buffer_ms, starts_at, ends_at, blocked_from: from, blocked_to };
  // Cut back to this very instant, it holds nothing.
  if (blocked_to > from) turn.store.occupancy.hold(occupancy);
  if (held) freed(turn, held);
  meetsOverrun(turn, occupancy);
  return null;
}

/** What is newly held may be in the way of a session past its plan: its timer comes when that is near. */
function meetsOverrun(turn: Turn, held: Occupancy): void {
  const { overrun, timers } = turn.store;
  if (!overrun || !isInTheWay(overrun, held, turn.now)) return;
  const due = Math.max(turn.now, reachedAt(held));
  if (due < timers.dueOf(overrun.id)) timers.set(overrun.id, "overrun", due);
}

/** Gives up what a reservation or session holds, all of it. */
export function release(turn: Turn, id: string, ends_at: number): void {
  const held = turn.store.occupancy.of(id, ends_at);
  if (!held) return;
  turn.store.occupancy.unhold(held);
  freed(turn, held);
}

/** Ends what a session or its reservation holds now: what stays is the use since `started_at`, for the sake of its buffer. */
export function cutShort(turn: Turn, id: string, started_at: number, ends_at: number): void {
  const held = turn.store.occupancy.of(id, ends_at);
  if (!held || held.ends_at <= turn.now) return;
  const blocked_to = Math.min(turn.now + held.buffer_ms, held.blocked_to);
  turn.store.occupancy.unhold(held);
  if (blocked_to > turn.now)
    turn.store.occupancy.hold({ ...held, starts_at: started_at, ends_at: turn.now, blocked_to });
  freed(turn, { blocked_from: Math.max(turn.now, held.blocked_from), blocked_to: held.blocked_to });
}

/**
 * Time that nobody holds any more, whatever the reason: it is offered to those who wait for it. The booking before it had given up its buffer for a next one of the same
 * member; when that one has gone, the buffer comes back.
 */
export function freed(turn: Turn, stretch: Pick<Occupancy, "blocked_from" | "blocked_to">): void {
  restore(turn, stretch);
  turn.noteFreed({ starts_at: stretch.blocked_from, ends_at: stretch.blocked_to });
}

/** The same, when nobody is to be offered it. */
export function restore(turn: Turn, stretch: Pick<Occupancy, "blocked_from" | "blocked_to">): void {
  const before = turn.store.occupancy.before(stretch.blocked_from);
  if (before && before.blocked_to < before.ends_at + before.buffer_ms) {
    const blocked_to = restoredEnd(before, turn.store.occupancy.after(before.ends_at, before.id));
    if (blocked_to > before.blocked_to) turn.store.occupancy.blockTo(before, blocked_to);
  }
  turn.shows(stretch.blocked_from);
}
