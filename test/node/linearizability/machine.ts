/**
 * The sequential specification of one machine: what it may answer if it serves one request after the other.
 * Written naively on purpose, from the rules and not from the object.
 * It knows no clock. Histories use bookings that are days ahead, or "near" ones whose check-in is open for the whole recording.
 */

import { holdsSlot, stepsTo } from "../../../src/modules/equipment/model.ts";
import type { Model } from "./checker.ts";
import {
  type Ask,
  type Booking,
  clashes,
  find,
  isListOf,
  type MachineAnswer,
  type MachineCall,
  type MachineCallType,
  type MachineRules,
  type MachineState,
  MINUTE,
  occupants,
  openSession,
  ownHold,
  put,
  putHold,
  putSession,
  type Session,
  textOf,
  without,
} from "./state.ts";

/** The specification as the checker wants it. */
export function machineModel(rules: MachineRules): Model<MachineState, MachineCall, MachineAnswer> {
  return {
    initial: { bookings: [], sessions: [], holds: [], retired: false },
    step(state, call, answer) {
      if (answer !== undefined && answer.status >= 400) return mayRefuse(state, call, answer, rules) ? state : null;
      return effectOf(state, call, answer ?? null, rules);
    },
    hash: textOf,
    changesNothing: (call, answer) => call.type === "list" || answer.status >= 400,
  };
}

/** The state after a success, or null when there cannot be one here. A null answer is one that nobody heard. */
function effectOf(
  state: MachineState,
  call: MachineCall,
  answer: MachineAnswer | null,
  rules: MachineRules,
): MachineState | null {
  if (call.type === "list") return !answer?.list || isListOf(state, answer.list) ? state : null;
  // Retiring what is retired changes nothing, and is no mistake.
  if (state.retired) return call.type === "retire" || call.type === "release" ? state : null;
  switch (call.type) {
    case "reserve":
      return reserve(state, call, answer, rules);
    case "hold":
      return hold(state, call, answer, rules);
    case "release":
      return release(state, call);
    case "move":
      return move(state, call, answer, rules);
    case "approve":
    case "cancel":
    case "check_in":
      return change(state, call, answer, rules);
    case "start_session":
      return startBooked(state, call, answer, rules);
    case "walk_up":
      return startWalkUp(state, call, answer, rules);
    case "end_session":
      return endSession(state, call, answer);
    case "retire":
      return occupants(state).length > 0 || openSession(state) ? null : { ...state, holds: [], retired: true };
  }
}

type Effect<T extends MachineCallType> = (
  state: MachineState,
  call: Ask<T>,
  answer: MachineAnswer | null,
  rules: MachineRules,
) => MachineState | null;

const reserve: Effect<"reserve"> = (state, call, answer, rules) => {
  const { starts_at, ends_at, by, key } = call;
  if (isHoldGone(state, call)) return null;
  const kept = ownHold(state, by.member_id, call);
  if (clashes(state, { starts_at, ends_at, member_id: by.member_id, id: kept?.id ?? "" }, rules).length > 0)
    return null;
  const status = rules.approval === "staff" && !by.staff ? "pending" : "approved";
  const id = answer?.reservation?.id ?? call.born_as ?? `unheard ${key}`;
  const booking: Booking = { id, member_id: by.member_id, starts_at, ends_at, status, version: 1 };
  return put(without(state, kept), booking, answer);
};

/** A booking that names a hold needs it: their own, and around their slot. */
function isHoldGone(state: MachineState, { by, hold_id, starts_at, ends_at }: Ask<"reserve">): boolean {
  if (hold_id === undefined) return false;
  const named = state.holds.find((each) => each.id === hold_id && each.member_id === by.member_id);
  return !named || starts_at < named.starts_at || named.ends_at < ends_at;
}

const hold: Effect<"hold"> = (state, { starts_at, ends_at, by, key }, answer, rules) => {
  const { member_id } = by;
  const mine = state.holds.find((each) => each.member_id === member_id);
  if (clashes(state, { starts_at, ends_at, member_id, id: mine?.id ?? "" }, rules).length > 0) return null;
  return putHold(state, { id: answer?.hold?.id ?? `unheard ${key}`, member_id, starts_at, ends_at }, answer);
};

/** What is gone, or somebody else's, is left alone without a word. */
const release = (state: MachineState, { by, hold_id }: Ask<"release">): MachineState =>
  without(
    state,
    state.holds.find((each) => each.id === hold_id && (by.staff || each.member_id === by.member_id)),
  );

const move: Effect<"move"> = (state, call, answer, rules) => {
  const booking = find(state, call.reservation_id);
  if (!booking || !may(call, booking) || booking.version !== call.if_version || !isLegal(call, booking)) return null;
  const { starts_at, ends_at } = call;
  const moved = { ...booking, starts_at, ends_at, version: booking.version + 1 };
  if (starts_at === booking.starts_at && ends_at === booking.ends_at) return put(state, booking, answer);
  if (isBeyondOwn(call, booking, rules) || booking.status === "active") return null;
  return clashes(state, moved, rules).length > 0 ? null : put(state, moved, answer);
};

/** Where staff approve, a member may only give time back: another time would need another approval. */
function isBeyondOwn(call: Ask<"move">, booking: Booking, rules: MachineRules): boolean {
  const shrinks = booking.starts_at <= call.starts_at && call.ends_at <= booking.ends_at;
  return rules.approval === "staff" && !call.by.staff && booking.status !== "pending" && !shrinks;
}

const change: Effect<"approve" | "cancel" | "check_in"> = (state, call, answer, rules) => {
  const booking = find(state, call.reservation_id);
  if (!booking || !may(call, booking)) return null;
  if (call.type === "check_in" && !isNear(booking, rules)) return null;
  const [status] = stepsTo(booking.status, call.type);
  return status === undefined ? null : put(state, { ...booking, status, version: booking.version + 1 }, answer);
};

const startBooked: Effect<"start_session"> = (state, call, answer, rules) => {
  const booking = find(state, call.reservation_id);
  if (!booking || !may(call, booking) || !isNear(booking, rules) || openSession(state)) return null;
  if (!isLegal(call, booking)) return null;
  const session: Session = {
    id: answer?.session?.id ?? `unheard ${call.key}`,
    member_id: booking.member_id,
    reservation_id: booking.id,
    started_at: answer?.session?.started_at ?? 0,
    planned_end_at: booking.ends_at,
    ended_at: null,
  };
  if (isStillWarm(state, session, rules)) return null;
  const started = put(state, { ...booking, status: "active", version: booking.version + 1 }, null);
  return started && putSession(started, session, answer);
};

/** A walk-up holds the machine from now to its planned end, or to the next start (less the buffer) if that is sooner. */
const startWalkUp: Effect<"walk_up"> = (state, call, answer, rules) => {
  if (openSession(state) || needsBooking(call, rules)) return null;
  const started_at = answer?.session?.started_at ?? 0;
  const next = [...occupants(state), ...state.holds]
    .filter((other) => other.starts_at > started_at)
    .sort((a, b) => a.starts_at - b.starts_at)[0];
  const buffer = next?.member_id === call.by.member_id ? 0 : rules.buffer_minutes * MINUTE;
  const session: Session = {
    id: answer?.session?.id ?? `unheard ${call.key}`,
    member_id: call.by.member_id,
    reservation_id: null,
    started_at,
    planned_end_at: Math.min(
      started_at + call.planned_minutes * MINUTE,
      next ? next.starts_at - buffer : Number.POSITIVE_INFINITY,
    ),
    ended_at: null,
  };
  return isStillWarm(state, session, rules) ? null : putSession(state, session, answer);
};

const needsBooking = (call: MachineCall, rules: MachineRules): boolean => rules.approval === "staff" && !call.by.staff;

/** The buffer after somebody else's use is not over. */
function isStillWarm(state: MachineState, session: Session, rules: MachineRules): boolean {
  const { member_id, started_at } = session;
  return state.sessions.some(
    ({ ended_at, member_id: other }) =>
      ended_at !== null && other !== member_id && started_at < ended_at + rules.buffer_minutes * MINUTE,
  );
}

/** Ends the booking with it: the rest of the slot is free at once. */
function endSession(state: MachineState, call: Ask<"end_session">, answer: MachineAnswer | null): MachineState | null {
  const session = state.sessions.find((each) => each.id === call.session_id);
  if (session?.ended_at !== null || !(call.by.staff || call.by.member_id === session.member_id)) return null;
  const booking = session.reservation_id === null ? undefined : find(state, session.reservation_id);
  const freed = booking ? put(state, { ...booking, status: "completed", version: booking.version + 1 }, null) : state;
  // When nobody heard the answer, any later instant is possible; the earliest allows the most.
  const ended_at = answer?.session?.ended_at ?? session.started_at;
  return freed && putSession(freed, { ...session, ended_at }, answer);
}

/** True when a refusal is deserved in this state. Any deserved reason will do where several are. */
function mayRefuse(state: MachineState, call: MachineCall, answer: MachineAnswer, rules: MachineRules): boolean {
  const booking = "reservation_id" in call ? find(state, call.reservation_id) : undefined;
  const session = call.type === "end_session" ? state.sessions.find((each) => each.id === call.session_id) : undefined;
  const owner = booking?.member_id ?? session?.member_id;
  switch (answer.code) {
    case "equipment_retired":
    case "not_found":
      return state.retired;
    case "forbidden":
      return !call.by.staff && (call.type === "approve" || call.type === "retire" || owner !== call.by.member_id);
    case "slot_taken":
      return saysWhere(state, call, answer, rules);
    case "hold_gone":
      return call.type === "reserve" && isHoldGone(state, call);
    case "booking_refused":
      if (call.type === "walk_up") return needsBooking(call, rules);
      return call.type === "move" && !!booking && (booking.status === "active" || isBeyondOwn(call, booking, rules));
    case "stale_version":
      return call.type === "move" && booking !== undefined && booking.version !== call.if_version;
    case "illegal_transition":
      if (session) return session.ended_at !== null;
      return booking !== undefined && booking.status === answer.current_status && !isLegal(call, booking);
    case "too_early":
      return (call.type === "check_in" || call.type === "start_session") && !!booking && !isNear(booking, rules);
    case "equipment_busy":
      return (call.type === "start_session" || call.type === "walk_up") && openSession(state);
    case "has_open_reservations":
      return call.type === "retire" && (occupants(state).length > 0 || openSession(state));
    default:
      return false;
  }
}

/** A machine that is taken says what is in the way, and that must be true. */
function saysWhere(state: MachineState, call: MachineCall, answer: MachineAnswer, rules: MachineRules): boolean {
  const said = answer.conflicts_with;
  if (said === null) return false;
  const booking = "reservation_id" in call ? find(state, call.reservation_id) : undefined;
  const member_id = booking?.member_id ?? call.by.member_id;
  if (call.type === "reserve" || call.type === "move" || call.type === "hold") {
    const { starts_at, ends_at } = call;
    const mine =
      call.type === "hold" ? state.holds.find((each) => each.member_id === member_id) : ownHold(state, member_id, call);
    const id = call.type === "move" ? (booking?.id ?? "") : (mine?.id ?? "");
    const inTheWay = clashes(state, { starts_at, ends_at, member_id, id }, rules);
    return inTheWay.some((each) => each.starts_at === said.starts_at && each.ends_at === said.ends_at);
  }
  if (call.type !== "walk_up" && call.type !== "start_session") return false;
  return (
    rules.buffer_minutes > 0 &&
    state.sessions.some(
      (each) => each.member_id !== member_id && each.started_at === said.starts_at && each.ended_at === said.ends_at,
    )
  );
}

/** Does the status allow the step? */
function isLegal(call: MachineCall, booking: Booking): boolean {
  switch (call.type) {
    case "approve":
    case "cancel":
    case "check_in":
      return stepsTo(booking.status, call.type).length > 0;
    case "start_session":
      return stepsTo(booking.status, "start").length > 0;
    case "move":
      return holdsSlot(booking.status);
    default:
      return true;
  }
}

const isNear = (booking: Booking, rules: MachineRules): boolean => booking.starts_at < rules.near_until;
const may = (call: MachineCall, booking: Booking): boolean =>
  call.by.staff || (call.type !== "approve" && booking.member_id === call.by.member_id);
