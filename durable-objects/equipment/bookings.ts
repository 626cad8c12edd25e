/** What people do to reservations. Each command looks, decides and writes without a pause; `amend` has a file of its own. */

import type { DisplacementData } from "../../src/modules/equipment/events.ts";
import type { Interval, ReservationStep } from "../../src/modules/equipment/model.ts";
import type {
  Booking,
  Command,
  CommandCall,
  HolderFacts,
  HoldRecord,
  Refusal,
  ReservationRecord,
} from "../../src/modules/equipment/port.ts";
import { HOUR } from "../../src/platform/time.ts";
import { needsStaff } from "./approval.ts";
import { judgePerson, judgeSlot, judgeUse } from "./gates.ts";
import { forgetHold, keeps, ownHold } from "./holds.ts";
import { outDuring } from "./in-service.ts";
import { lateFee, noShowFee } from "./prices.ts";
import {
  type Answer,
  aboutOwner,
  busy,
  checkInNotUsed,
  done,
  down,
  holdGone,
  illegal,
  isLegal,
  mayTouch,
  notFound,
  notYours,
  slotTaken,
  tooEarly,
} from "./refusals.ts";
import { WHOLE } from "./rules.ts";
import { type OccupancyKind, pendingExpiry, type Wish } from "./schedule.ts";
import { opensAt } from "./sessions.ts";
import { place, release, wishOf } from "./slots.ts";
import type { Draft } from "./store/bundles.ts";
import type { Turn } from "./turn.ts";

type Ask<T extends Command["type"]> = Extract<Command, { type: T }>;

/** A booking that nothing but its slot can be in the way of. */
interface Judged {
  ok: true;
  draft: Draft;
  wish: Wish;
  named: HoldRecord | null;
  holder: HolderFacts;
}

/** Everything that is said against a booking but for who else holds the slot; or what it would be. */
export function judge(
  turn: Turn,
  booking: Booking,
  call: CommandCall,
  bundle_id: string | null = null,
): Judged | Refusal {
  const { holder } = call.facts;
  if (!holder || !mayTouch(call.actor, holder.member_id)) return notYours("reservation");
  const { starts_at, ends_at, purpose, project_id, metadata, external_id, reservation_id: id } = booking;
  const named = booking.hold_id === null ? null : turn.store.holds.get(booking.hold_id);
  if (booking.hold_id !== null && !keeps(named, holder.member_id, booking)) return holdGone();
  // Notice was given when the slot was held.
  const refusal = mayHave(turn, call, booking, named ? { ...WHOLE, notice: false } : WHOLE);
  if (refusal) return refusal;
  const { may_move = false, moved_from = null } = booking;
  const words = { purpose, project_id, metadata, external_id, may_move: may_move ? 1 : 0, moved_from } as const;
  const asked = { id, starts_at, ends_at, ...words, series_id: null, bundle_id };
  const draft = drafted(turn, call, holder, asked);
  return { ok: true, draft, wish: wishOf(turn, holder.member_id, booking), named, holder };
}

/** Books a slot. What was kept for the member makes room. */
export function reserve(turn: Turn, booking: Booking, call: CommandCall, bundle_id: string | null = null): Answer {
  const judged = judge(turn, booking, call, bundle_id);
  if (!judged.ok) return judged;
  const { draft, wish, named, holder } = judged;
  const conflict = takeUp(turn, draft.id, wish, named);
  if (conflict) return slotTaken(conflict, turn.machine.policy.buffer_minutes);
  turn.store.people.remember(holder);
  return done({ reservation: turn.book(draft) });
}

/** May this person have this slot of the machine as it stands? Who else holds it is another question. */
export function mayHave(turn: Turn, call: CommandCall, slot: Interval, scope = WHOLE): Refusal | null {
  const { now, machine } = turn;
  const refusal = judgeSlot(turn, call, slot, scope);
  if (refusal) return refusal;
  if (machine.isDownFor(slot.starts_at, now)) return down(machine.status);
  const out = outDuring(turn, slot);
  if (out) return out;
  // A session past its plan blocks the present only.
  return slot.starts_at <= now && turn.store.openSession() ? busy() : null;
}

type Asked = Interval &
  Pick<ReservationRecord, "id" | "purpose" | "project_id" | "metadata" | "external_id" | "series_id" | "bundle_id"> &
  Partial<Pick<ReservationRecord, "may_move" | "moved_from">>;

/** What a booking will be: approved at once, or pending where staff have to approve it (both hold the slot). */
export function drafted(turn: Turn, call: CommandCall, { member_id }: HolderFacts, asked: Asked): Draft {
  const { actor } = call;
  const { policy } = turn.machine;
  const isPending = needsStaff(turn, call, { ...asked, member_id });
  return {
    ...asked,
    member_id,
    status: isPending ? "pending" : "approved",
    note: null,
    created_by: actor.id,
    decided_by: null,
    decided_at: null,
    checked_in_at: null,
    expires_at: isPending ? pendingExpiry(turn.now, asked.starts_at, policy) : null,
    may_move: asked.may_move ?? 0,
    moved_from: asked.moved_from ?? null,
    cancelled_by: null,
    outage_id: null,
    moved_to: null,
  };
}

/** Places a booking, in place of the hold that was made for it; a member who forgot to name theirs is not in their own way. */
export function takeUp(
  turn: Turn,
  id: string,
  wish: Wish,
  named: HoldRecord | null,
  kind: OccupancyKind = "reservation",
): Interval | null {
  const inPlaceOf = (kept: HoldRecord | null): Interval | null => {
    const conflict = place(turn, kind, id, wish, kept && turn.store.occupancy.of(kept.id, kept.ends_at));
    if (!conflict && kept) forgetHold(turn, kept);
    return conflict;
  };
  const conflict = inPlaceOf(named);
  // Asked only when something is in the way: most bookings have no hold.
  const own = conflict && !named ? ownHold(turn, wish.member_id, wish) : null;
  return own ? inPlaceOf(own) : conflict;
}

/** Steps that leave the person with the machine, so that facts about the person count; giving time back needs none. */
const keepsPerson = (step: ReservationStep): boolean => step === "approve" || step === "excuse" || step === "check_in";

/** Runs `change` on a reservation that exists, that the actor may touch, and whose status allows the step. */
function onReservation(
  turn: Turn,
  { reservation_id }: { reservation_id: string },
  { actor, facts }: CommandCall,
  step: ReservationStep,
  change: (reservation: ReservationRecord) => Answer,
): Answer {
  const reservation = turn.store.reservation(reservation_id);
  if (!reservation) return notFound("reservation");
  if (!mayTouch(actor, reservation.member_id)) return notYours("reservation");
  if (!isLegal(reservation.status, step)) return illegal(reservation.status, step);
  const strange = keepsPerson(step) ? aboutOwner(facts, reservation.member_id) : null;
  if (strange) return strange;
  if (keepsPerson(step) && facts.holder) turn.store.people.remember(facts.holder);
  return change(reservation);
}

/** It holds its slot already: only the person was to be judged. */
export const approve = (turn: Turn, command: Ask<"approve">, call: CommandCall): Answer =>
  onReservation(turn, command, call, "approve", (pending) => {
    const refusal = judgePerson(turn, call, pending);
    if (refusal) return refusal;
    const { note } = command;
    const decision = { decided_by: call.actor.id, decided_at: turn.now, expires_at: null, note };
    return done({ reservation: turn.change(pending, { status: "approved", ...decision }, "reservation.approved") });
  });

export const reject = (turn: Turn, command: Ask<"reject">, call: CommandCall): Answer =>
  onReservation(turn, command, call, "reject", (pending) => {
    const { note } = command;
    const decision = { decided_by: call.actor.id, decided_at: turn.now, expires_at: null, note };
    release(turn, pending.id, pending.ends_at);
    return done({ reservation: turn.change(pending, { status: "rejected", ...decision }, "reservation.rejected") });
  });

export const cancel = (turn: Turn, command: Ask<"cancel">, call: CommandCall): Answer =>
  onReservation(turn, command, call, "cancel", (held) => {
    const cancelled_by = cancellerOf(held, call);
    const counted_minutes = isTooLateToGiveBack(turn, held, call) ? held.counted_minutes : 0;
    const fee_minor = feeFor(turn, held, call);
    return done({ reservation: withdraw(turn, held, command.note, { counted_minutes, fee_minor, cancelled_by }) });
  });

/** What its holder owes for cancelling it now; nothing where the machine is out at that time. */
export const feeFor = (turn: Turn, held: ReservationRecord, call: CommandCall): number | null =>
  outDuring(turn, held) ? null : lateFee(turn.machine, held, call, turn.now);

/** Who cancels it by hand. */
export const cancellerOf = ({ member_id }: ReservationRecord, { actor }: CommandCall): "holder" | "staff" =>
  actor.id === member_id ? "holder" : "staff";

/** A plan may ask its members to cancel in time. What staff cancel is never the member's fault. */
export function isTooLateToGiveBack(turn: Turn, held: Interval, { actor, facts }: CommandCall): boolean {
  const { plan } = facts.gates;
  return actor.authority === "own" && plan !== null && turn.now > held.starts_at - plan.cancellation_hours * HOUR;
}

/** Why a booking is cancelled, and what is left of it; what it still counts against its member's hours is nothing unless told. */
type Withdrawal = Pick<ReservationRecord, "cancelled_by"> &
  Partial<Pick<ReservationRecord, "counted_minutes" | "fee_minor" | "outage_id" | "moved_to">>;

/** Cancels a booking that may be cancelled; one that goes on elsewhere has moved. `more` is for those who are told. */
export function withdraw(
  turn: Turn,
  held: ReservationRecord,
  note: string | null,
  ending: Withdrawal,
  more: DisplacementData = {},
): ReservationRecord {
  release(turn, held.id, held.ends_at);
  const fate = { status: "cancelled", expires_at: null, note, counted_minutes: 0, fee_minor: null } as const;
  const type = more.moved_to ? "reservation.moved" : "reservation.cancelled";
  return turn.change(held, { ...fate, ...ending }, type, more);
}

export const checkIn = (turn: Turn, command: Ask<"check_in">, call: CommandCall): Answer =>
  onReservation(turn, command, call, "check_in", (approved) => {
    if (turn.machine.policy.check_in === "none") return checkInNotUsed();
    const refusal = judgeUse(turn, call);
    if (refusal) return refusal;
    const opens_at = opensAt(approved);
    if (turn.now < opens_at) return tooEarly("Check-in opens shortly before the booking starts.", opens_at);
    const patch = { status: "active", checked_in_at: turn.now } as const;
    return done({ reservation: turn.change(approved, patch, "reservation.checked_in") });
  });

export const noShow = (turn: Turn, command: Ask<"no_show">, call: CommandCall): Answer =>
  onReservation(turn, command, call, "no_show", (approved) => {
    if (turn.machine.policy.check_in === "none") return checkInNotUsed();
    if (turn.now < approved.starts_at) return tooEarly("The booking has not started.", approved.starts_at);
    return done({ reservation: missed(turn, approved, command.note) });
  });

/** Nobody came: the rest of the slot is free. */
export function missed(turn: Turn, approved: ReservationRecord, note: string | null): ReservationRecord {
  release(turn, approved.id, approved.ends_at);
  const fee_minor = outDuring(turn, approved) ? null : noShowFee(turn.machine, approved);
  return turn.change(approved, { status: "no_show", note, fee_minor }, "reservation.no_show");
}

/** Lifts what was to be paid for a late cancellation; null when there is nothing to lift. */
function liftFee(turn: Turn, { reservation_id, note }: Ask<"excuse">, { actor }: CommandCall): Answer | null {
  const late = turn.store.reservation(reservation_id);
  if (late?.status !== "cancelled" || late.fee_minor === null || actor.authority !== "any") return null;
  return done({ reservation: turn.change(late, { note, fee_minor: null }, "reservation.excused") });
}

/**
 * Takes a no-show back: the booking holds what is left of its slot if nobody else does, and has its grace again; otherwise it is closed.
 * Either way nothing is to be paid for it any more.
 */
export const excuse = (turn: Turn, command: Ask<"excuse">, call: CommandCall): Answer =>
  liftFee(turn, command, call) ??
  onReservation(turn, command, call, "excuse", (missing) => {
    const { now } = turn;
    const { note } = command;
    const { id, member_id, starts_at, ends_at } = missing;
    const isAhead = ends_at > now;
    const refusal = isAhead ? judgePerson(turn, call, missing) : null;
    if (refusal) return refusal;
    const from = Math.max(starts_at, now);
    const holdsAgain =
      isAhead &&
      !outDuring(turn, { starts_at: from, ends_at }) &&
      !place(turn, "reservation", id, wishOf(turn, member_id, missing), null, from);
    if (!holdsAgain) {
      return done({ reservation: excused(turn, missing, note) });
    }
    const patch = { status: "approved", note, fee_minor: null } as const;
    return done({ reservation: turn.change(missing, patch, "reservation.excused") });
  });

/** Its time is gone and was not used, so it counts nothing. */
const excused = (turn: Turn, missing: ReservationRecord, note: string | null): ReservationRecord =>
  turn.change(missing, { status: "completed", note, counted_minutes: 0, fee_minor: null }, "reservation.excused");
