/** What concerns the machine as a whole: its retirement, and a member who may no longer use it. */

import type { Command } from "../../src/modules/equipment/port.ts";
import { HOUR } from "../../src/platform/time.ts";
import { withdraw } from "./bookings.ts";
import { type Answer, done, isLegal, refuse } from "./refusals.ts";
import { reason } from "./rules.ts";
import type { Turn } from "./turn.ts";
import { finishSession, UNSAID } from "./use.ts";

/** The machine is gone for good, unless somebody still counts on it. Repeating it changes nothing. */
export function retire(turn: Turn): Answer {
  const { store, now } = turn;
  if (store.state.retired_at !== null) return done({});
  const [open] = store.holding(now, null, 1);
  if (open || store.openSession()) {
    const detail = open ? "Bookings hold time on this machine." : "A session is running on this machine.";
    return refuse("has_open_reservations", [
      reason("open_reservations", detail, { fix: "Cancel or finish them first." }),
    ]);
  }
  for (const kept of store.holds(null)) turn.letGo(kept, "hold.released");
  store.state.retire(now);
  turn.announce("machine.retired");
  return done({});
}

/**
 * Cancels what a member has booked ahead, lets go what is held for them, and ends their running session if that is asked for; else what has
 * begun stays.
 * Facts about the member that were read before now (wall clock) no longer count, so that nothing in flight books afterwards.
 */
export function sweepMember(turn: Turn, command: Extract<Command, { type: "sweep_member" }>): Answer {
  const { store, now } = turn;
  const { member_id, note, keep_bookings = false, end_session = false } = command;
  store.sweep(member_id, Date.now(), HOUR);
  const open = end_session ? store.openSession() : null;
  const ended = open?.member_id === member_id ? finishSession(turn, open, UNSAID) : null;
  const held = keep_bookings ? [] : store.holding(now, member_id);
  const ahead = held.filter((one) => one.starts_at > now && isLegal(one.status, "cancel"));
  for (const one of ahead) withdraw(turn, one, note);
  for (const kept of store.holds(member_id)) turn.letGo(kept, "hold.released");
  return done({ cancelled: ahead.length, session: ended?.session ?? null });
}
