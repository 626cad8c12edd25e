/** A session past its plan: it is flagged, and everybody whose booking it comes near to is told, once, while it goes on. */

import type { SessionRecord } from "../../src/modules/equipment/port.ts";
import type { Occupancy } from "./schedule.ts";
import { COLLISION_WINDOW_MS, isInTheWay, reachedAt } from "./sessions.ts";
import type { Turn } from "./turn.ts";

/**
 * The clock's step at `at`, when its timer was due: tells those within reach, and comes again when the next booking is. Bookings made or
 * moved meanwhile bring their own timer (`Turn.place`).
 */
export function overrun(turn: Turn, session: SessionRecord, at: number): void {
  const { store } = turn;
  const near = store.occupancy
    .between(session.planned_end_at, at + COLLISION_WINDOW_MS)
    .filter((held) => isInTheWay(session, held, at));
  const collides_with = near[0]?.id ?? null;
  const news = near.filter((held) => store.tell(held.id));
  const isFlagged = session.overrun_at !== null;
  let current = session;
  const flag = (next: Occupancy | null): void => {
    const told = next?.member_id ? { next_reservation_id: next.id, next_member_id: next.member_id } : {};
    const patch = { overrun_at: session.planned_end_at, collides_with };
    current = turn.changeSession(current, patch, "session.overrun", told);
  };
  for (const held of news) flag(held);
  if (!isFlagged && news.length === 0) flag(null);
  if (isFlagged && news.length === 0 && collides_with !== session.collides_with) {
    turn.changeSession(current, { collides_with }, null);
  }
  const far = nextFar(turn, session, at + COLLISION_WINDOW_MS);
  if (far) store.timers.set(session.id, "overrun", reachedAt(far));
}

/** The first booking of somebody else that starts past reach. */
function nextFar(turn: Turn, session: SessionRecord, from: number): Occupancy | null {
  let next = turn.store.occupancy.after(from);
  while (next && !isInTheWay(session, next, from)) next = turn.store.occupancy.after(next.blocked_to);
  return next;
}
