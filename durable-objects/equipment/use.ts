/** Starting and ending the use of the machine. */

import type {
  Command,
  CommandCall,
  HolderFacts,
  ReservationRecord,
  SessionRecord,
} from "../../src/modules/equipment/port.ts";
import type { ReasonInput } from "../../src/platform/problem.ts";
import { MINUTE } from "../../src/platform/time.ts";
import { needsStaff } from "./approval.ts";
import { judgeUse, judgeWalkUp, refusalFor } from "./gates.ts";
import { inServiceUntil, outNow } from "./in-service.ts";
import {
  type Answer,
  aboutOwner,
  busy,
  done,
  down,
  illegal,
  isLegal,
  mayTouch,
  notFound,
  notYours,
  slotTaken,
  tooEarly,
} from "./refusals.ts";
import { reason } from "./rules.ts";
import { plain, usedMinutes } from "./schedule.ts";
import { opensAt, walkUpEnd } from "./sessions.ts";
import { cutShort, place, wishOf } from "./slots.ts";
import type { Turn } from "./turn.ts";

type Start = Extract<Command, { type: "start_session" }>;
type End = Extract<Command, { type: "end_session" }>;

/** Starts the use of a booking, or a walk-up. One session at a time. */
export function startSession(turn: Turn, command: Start, call: CommandCall): Answer {
  const { holder } = call.facts;
  if (command.reservation_id !== null) return startBooked(turn, command, command.reservation_id, call);
  if (!holder || !mayTouch(call.actor, holder.member_id)) return notYours("session");
  return startWalkUp(turn, command, holder, call);
}

function startBooked(turn: Turn, command: Start, reservation_id: string, call: CommandCall): Answer {
  const { now, machine, store } = turn;
  const { actor, facts } = call;
  const booked = store.reservation(reservation_id);
  if (!booked) return notFound("reservation");
  if (!mayTouch(actor, booked.member_id)) return notYours("reservation");
  if (actor.authority === "own" && !facts.holder) return notYours("reservation");
  const strange = aboutOwner(facts, booked.member_id);
  if (strange) return strange;
  if (!isLegal(booked.status, "start")) return illegal(booked.status, "start");
  const refusal = judgeUse(turn, call);
  if (refusal) return refusal;
  const out = machine.status === "available" ? outNow(turn) : down(machine.status);
  if (out) return out;
  if (store.openSession()) return busy();
  const opens_at = opensAt(booked);
  if (now < opens_at) return tooEarly("A booking can be started shortly before its start.", opens_at);

  const blocked = now < booked.starts_at ? startEarly(turn, booked) : null;
  if (blocked) return blocked;
  const patch = { status: "active", checked_in_at: booked.checked_in_at ?? now } as const;
  const reservation = turn.change(booked, patch, "reservation.started");
  const session = turn.open({
    id: command.session_id,
    member_id: booked.member_id,
    reservation_id,
    project_id: command.project_id ?? booked.project_id,
    planned_end_at: booked.ends_at,
  });
  return done({ reservation, session });
}

/** The booking blocks from now on, if nobody else holds the time until its start. */
function startEarly(turn: Turn, booked: ReservationRecord): Answer | null {
  const held = turn.store.occupancy.of(booked.id, booked.ends_at);
  const wish = wishOf(turn, booked.member_id, booked, held?.buffer_ms);
  const conflict = place(turn, "reservation", booked.id, wish, held, turn.now);
  return conflict && slotTaken(plain(conflict), turn.machine.policy.buffer_minutes);
}

/** Not bound to the grid, to notice or to a shortest length: whoever stands before a free machine may use it until the next start. */
function startWalkUp(turn: Turn, command: Start, holder: HolderFacts, call: CommandCall): Answer {
  const { now, machine, store } = turn;
  const { policy } = machine;
  const planned_minutes = command.planned_minutes ?? policy.min_minutes;
  const reasons: ReasonInput[] = [];
  const slot = { starts_at: now, ends_at: now + planned_minutes * MINUTE };
  if (needsStaff(turn, call, { ...slot, member_id: holder.member_id, project_id: command.project_id })) {
    reasons.push(reason("needs_approval", "Staff approve the use of this machine.", { fix: "Book it." }));
  }
  if (planned_minutes > policy.max_minutes) {
    const { max_minutes } = policy;
    reasons.push(reason("too_long", `A session takes at most ${max_minutes} minutes.`, { limit: { max_minutes } }));
  }
  const walkUp = judgeWalkUp(turn, call, planned_minutes);
  const refusal = refusalFor([...reasons, ...walkUp.reasons]);
  if (refusal) return refusal;
  const out = machine.status === "available" ? outNow(turn) : down(machine.status);
  if (out) return out;
  if (store.openSession()) return busy();

  const { session_id: id, project_id } = command;
  const { member_id } = holder;
  const next = store.occupancy.after(now);
  const { buffer_ms } = wishOf(turn, member_id, { starts_at: now, ends_at: now });
  const until = inServiceUntil(turn, Math.min(now + planned_minutes * MINUTE, walkUp.until));
  const planned_ms = until - now;
  const planned_end_at = walkUpEnd(now, planned_ms, { member_id, buffer_ms }, next);
  if (planned_end_at === null) return slotTaken(plain(next ?? { starts_at: now, ends_at: now }), policy.buffer_minutes);
  const conflict = place(turn, "walk_up", id, { member_id, buffer_ms, starts_at: now, ends_at: planned_end_at });
  if (conflict) return slotTaken(conflict, policy.buffer_minutes);
  store.people.remember(holder);
  const session = turn.open({ id, member_id, reservation_id: null, project_id, planned_end_at });
  return done({ session });
}

/** Ends the use; the rest of the slot is free at once, and the booking is over. */
export function endSession(turn: Turn, command: End, { actor }: CommandCall): Answer {
  const open = turn.store.session(command.session_id);
  if (!open) return notFound("session");
  if (!mayTouch(actor, open.member_id)) return notYours("session");
  if (open.status !== "active") return illegal("completed", "end");
  const { job_successful, output_quality, notes } = command;
  return done(finishSession(turn, open, { job_successful, output_quality, notes }));
}

type Said = Pick<End, "job_successful" | "output_quality" | "notes">;

/** Nobody said how it went. */
export const UNSAID: Said = { job_successful: null, output_quality: null, notes: null };

/** Writes the end of a running session, and of its booking. */
export function finishSession(
  turn: Turn,
  open: SessionRecord,
  said: Said,
): { reservation: ReservationRecord | null; session: SessionRecord } {
  const { now, store, actor } = turn;
  const patch = {
    status: "completed",
    ended_at: now,
    ended_by: actor.id,
    ...said,
    counted_minutes: usedMinutes(open.counted_minutes, open.started_at, now),
  } as const;
  const session = turn.changeSession(open, patch, "session.ended");
  const booked = open.reservation_id === null ? null : store.reservation(open.reservation_id);
  cutShort(turn, booked?.id ?? open.id, open.started_at, open.planned_end_at);
  store.occupancy.dropPast(now);
  graceForWhoWaits(turn);
  const reservation =
    booked && isLegal(booked.status, "end")
      ? complete(turn, booked, Math.min(open.started_at, booked.starts_at))
      : null;
  return { reservation, session };
}

/** The rest of the booking is given back: to others, and to the hours of its member. */
function complete(turn: Turn, booked: ReservationRecord, from: number): ReservationRecord {
  const counted_minutes = usedMinutes(booked.counted_minutes, from, turn.now);
  return turn.change(booked, { status: "completed", counted_minutes }, "reservation.completed");
}

/** Whoever could not check in because the machine was in use has their grace from now. */
function graceForWhoWaits(turn: Turn): void {
  const held = turn.store.occupancy.before(turn.now + 1);
  const waiting = held && held.ends_at > turn.now ? turn.store.reservation(held.id) : null;
  if (waiting?.status === "approved") turn.armFor(waiting);
}
