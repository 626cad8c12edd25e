/** Slots kept for somebody who is still choosing: judged like a booking, short, and nothing that anybody is told of but who watches. */

import { HOLD_RENEWALS, type Interval, overlaps } from "../../src/modules/equipment/model.ts";
import type { Command, CommandCall, HoldRecord } from "../../src/modules/equipment/port.ts";
import { MINUTE } from "../../src/platform/time.ts";
import { judgePerson, judgeSlot } from "./gates.ts";
import { outDuring } from "./in-service.ts";
import { type Answer, busy, done, down, holdGone, mayTouch, notYours, refuse, slotTaken } from "./refusals.ts";
import { reason } from "./rules.ts";
import { isWithin } from "./schedule.ts";
import { place, release, wishOf } from "./slots.ts";
import type { Turn } from "./turn.ts";

/** A move is over long before; if it never comes about, the slot is free again then. */
const MOVE_HELD_MS = 10 * MINUTE;

type Ask<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Keeps a slot for a member. It is theirs to book until the hold runs out. */
export function hold(turn: Turn, command: Ask<"hold">, call: CommandCall): Answer {
  const { now, machine, store } = turn;
  const { holder } = call.facts;
  if (!holder || !mayTouch(call.actor, holder.member_id)) return notYours("hold");
  const { hold_id: id, starts_at, ends_at } = command;
  const { member_id } = holder;
  const refusal = judgeSlot(turn, call, command);
  if (refusal) return refusal;
  if (machine.isDownFor(starts_at, now)) return down(machine.status);
  const out = outDuring(turn, command);
  if (out) return out;
  if (starts_at <= now && store.openSession()) return busy();
  // Whoever chooses another time means that one instead; what goes on being kept is no older for it.
  const { moves = null } = command;
  const earlier = moves === null ? store.holds.chosenBy(member_id) : null;
  const goesOn = earlier && overlaps(earlier, command) ? earlier : null;
  const kept = { id, equipment_id: store.equipment_id, member_id, starts_at, ends_at, moves };
  const { created_at, renewals } = goesOn ?? { created_at: now, renewals: 0 };
  const expires_at = moves === null ? expiry(turn, { starts_at, created_at }) : Math.min(now + MOVE_HELD_MS, starts_at);
  if (expires_at <= now) return keptLongEnough();
  const held = earlier ? store.occupancy.of(earlier.id, earlier.ends_at) : null;
  const conflict = place(turn, "hold", id, wishOf(turn, member_id, command), held);
  if (conflict) return slotTaken(conflict, machine.policy.buffer_minutes);
  if (earlier) forgetHold(turn, earlier);
  store.people.remember(holder);
  return done({ hold: keep(turn, { ...kept, expires_at, renewals, created_at }, "hold.created") });
}

/** Gives a hold its whole time again, twice at most. */
export const renewHold = (turn: Turn, command: Ask<"renew_hold">, call: CommandCall): Answer =>
  onHold(turn, command, call, (kept) => {
    const refusal = judgePerson(turn, call, kept);
    if (refusal) return refusal;
    const renewed = { ...kept, renewals: kept.renewals + 1, expires_at: expiry(turn, kept) };
    if (kept.renewals >= HOLD_RENEWALS || renewed.expires_at <= turn.now) return keptLongEnough();
    return done({ hold: keep(turn, renewed, "hold.renewed") });
  });

/** The slot is free at once. */
export const releaseHold = (turn: Turn, command: Ask<"release_hold">, call: CommandCall): Answer =>
  onHold(turn, command, call, (kept) => {
    letGo(turn, kept, "hold.released");
    return done({ hold: { ...kept, expires_at: turn.now } });
  });

/** Past its start nothing is kept, a booking begins no later; nor past its renewals, however often its time is changed. */
function expiry(
  { now, machine }: Turn,
  { starts_at, created_at }: Pick<HoldRecord, "starts_at" | "created_at">,
): number {
  const whole = machine.policy.hold_minutes * MINUTE;
  return Math.min(now + whole, created_at + (1 + HOLD_RENEWALS) * whole, starts_at);
}

const keptLongEnough = (): Answer =>
  refuse("booking_refused", [
    reason("renewals_used_up", `A hold is renewed ${HOLD_RENEWALS} times at most.`, {
      fix: "Book it now.",
      limit: { renewals: HOLD_RENEWALS },
    }),
  ]);

function onHold(
  turn: Turn,
  { hold_id }: { hold_id: string },
  { actor }: CommandCall,
  change: (kept: HoldRecord) => Answer,
): Answer {
  const kept = turn.store.holds.get(hold_id);
  // Whose it was is nobody's business.
  if (!kept || !mayTouch(actor, kept.member_id)) return holdGone();
  return change(kept);
}

/** Is this a hold of the member's that covers the slot? */
export const keeps = (kept: HoldRecord | null, member_id: string, slot: Interval): kept is HoldRecord =>
  kept !== null && kept.member_id === member_id && isWithin(slot, kept);

/** The hold of a member's that reaches into a slot: a member keeps one slot of a machine. */
export function ownHold({ store }: Turn, member_id: string | null, slot: Interval): HoldRecord | null {
  const kept = member_id === null ? null : store.holds.chosenBy(member_id);
  return kept && overlaps(kept, slot) ? kept : null;
}

/** Writes a hold, and when the clock lets it go. */
function keep(turn: Turn, hold: Omit<HoldRecord, "seq">, type: "hold.created" | "hold.renewed"): HoldRecord {
  turn.holdEvent(type, hold);
  const kept = { ...hold, seq: turn.store.state.seq };
  turn.store.holds.put(kept);
  turn.store.timers.set(kept.id, "let_go", kept.expires_at);
  return kept;
}

/** Ends a hold and frees its slot. */
export function letGo(turn: Turn, hold: HoldRecord, type: "hold.released" | "hold.expired"): void {
  release(turn, hold.id, hold.ends_at);
  forgetHold(turn, hold);
  turn.holdEvent(type, hold);
}

/** Ends a hold whose slot a booking has taken over. */
export function forgetHold({ store }: Turn, { id }: HoldRecord): void {
  store.holds.drop(id);
  store.timers.drop(id);
}
