/** What concerns the machine as a whole: its retirement, and a member who may no longer use it. */

import type { Command, CommandCall, ReservationRecord } from "../../src/modules/equipment/port.ts";
import { judgeSkills } from "../../src/platform/skills.ts";
import { HOUR } from "../../src/platform/time.ts";
import { withdraw } from "./bookings.ts";
import { letGo } from "./holds.ts";
import { passOn, releaseOffer } from "./offers.ts";
import { type Answer, done, isLegal, refuse } from "./refusals.ts";
import { reason } from "./rules.ts";
import type { Turn } from "./turn.ts";
import { finishSession, UNSAID } from "./use.ts";

/** The machine is gone for good, unless somebody still counts on it. Repeating it changes nothing. */
export function retire(turn: Turn): Answer {
  const { store, now } = turn;
  if (store.state.retired_at !== null) return done({});
  const [open] = store.holding(now, null, 1);
  const isHeld = open !== undefined || store.bundles.parts().length > 0;
  if (isHeld || store.openSession()) {
    const detail = isHeld ? "Bookings hold time on this machine." : "A session is running on this machine.";
    return refuse("has_open_reservations", [
      reason("open_reservations", detail, { fix: "Cancel or finish them first." }),
    ]);
  }
  for (const kept of store.holds.of(null)) letGo(turn, kept, "hold.released");
  for (const offer of store.offers.of(null)) releaseOffer(turn, offer);
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
  const { store } = turn;
  const { member_id, note, keep_bookings = false, end_session = false } = command;
  store.people.sweep(member_id, Date.now(), HOUR);
  const open = end_session ? store.openSession() : null;
  const ended = open?.member_id === member_id ? finishSession(turn, open, UNSAID) : null;
  const cancelled = cancelAhead(turn, member_id, note, () => !keep_bookings);
  for (const kept of store.holds.of(member_id)) letGo(turn, kept, "hold.released");
  for (const offer of store.offers.of(member_id)) passOn(turn, offer);
  return done({ cancelled, session: ended?.session ?? null });
}

/**
 * Cancels what a member has booked ahead and could not begin: the skills that the machine asks for are gone. What was read of them before now
 * no longer counts here either.
 */
export function sweepUnskilled(
  turn: Turn,
  { member_id, note }: Extract<Command, { type: "sweep_unskilled" }>,
  { facts }: CommandCall,
): Answer {
  turn.store.people.sweep(member_id, Date.now(), HOUR);
  const isLost = ({ starts_at }: ReservationRecord): boolean =>
    judgeSkills(facts.gates.skills, starts_at, turn.now).reasons.length > 0;
  return done({ cancelled: cancelAhead(turn, member_id, note, isLost) });
}

/** Cancels those of a member's bookings that have not begun. @returns how many */
function cancelAhead(turn: Turn, member_id: string, note: string, goes: (held: ReservationRecord) => boolean): number {
  const ahead = turn.store
    .holding(turn.now, member_id)
    .filter((held) => held.starts_at > turn.now && isLegal(held.status, "cancel") && goes(held));
  for (const held of ahead) withdraw(turn, held, note, { cancelled_by: "standing" });
  return ahead.length;
}
