/**
 * The sequential specification of one machine: what it may answer if it serves one request after the other.
 * Written naively on purpose, from the rules and not from the object.
 * It knows no clock. Histories use bookings that are days ahead, or "near" ones whose check-in is open for the whole recording.
 */

import { stepsTo } from "../../../src/modules/equipment/model.ts";
import type { Model } from "./checker.ts";
import {
  type Asked,
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
  put,
  putSession,
  type Session,
  textOf,
} from "./state.ts";

/** The specification as the checker wants it. */
export function machineModel(rules: MachineRules): Model<MachineState, MachineCall, MachineAnswer> {
  return {
    initial: { bookings: [], sessions: [], retired: false },
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
  if (call.type === "list") return answer === null || isListOf(state, call, answer.list ?? []) ? state : null;
  if (state.retired) return null;
  switch (call.type) {
    case "reserve": {
      if (clashes(state, { ...call, member_id: call.by.member_id, id: "" }, rules).length > 0) return null;
      const status = rules.approval === "staff" && !call.by.staff ? "pending" : "approved";
      const { starts_at, ends_at, by, key } = call;
      const id = answer?.reservation?.id ?? call.born_as ?? `unheard ${key}`;
      return put(state, { id, member_id: by.member_id, starts_at, ends_at, status, version: 1 }, answer);
    }
    case "move": {
      const booking = find(state, call.reservation_id);
      if (!booking || !maySee(call, booking) || booking.version !== call.if_version) return null;
      if (booking.status !== "pending" && booking.status !== "approved") return null;
      const { starts_at, ends_at } = call;
      const moved = { ...booking, starts_at, ends_at, version: booking.version + 1 };
      return clashes(state, moved, rules).length > 0 ? null : put(state, moved, answer);
    }
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
      return occupants(state).length > 0 || openSession(state) ? null : { ...state, retired: true };
  }
}

type Ask<T extends MachineCallType> = Extract<MachineCall, { type: T }>;

function change(
  state: MachineState,
  call:
    | Ask<"approve" | "cancel" | "check_in">
    | (Asked & { type: "approve" | "cancel" | "check_in"; reservation_id: string }),
  answer: MachineAnswer | null,
  rules: MachineRules,
): MachineState | null {
  const booking = find(state, call.reservation_id);
  if (!booking || !may(call, booking)) return null;
  if (call.type === "check_in" && !isNear(booking, rules)) return null;
  const [status] = stepsTo(booking.status, call.type);
  return status === undefined ? null : put(state, { ...booking, status, version: booking.version + 1 }, answer);
}

function startBooked(
  state: MachineState,
  call: Ask<"start_session">,
  answer: MachineAnswer | null,
  rules: MachineRules,
): MachineState | null {
  const booking = find(state, call.reservation_id);
  if (!booking || !may(call, booking) || !isNear(booking, rules) || openSession(state)) return null;
  if (stepsTo(booking.status, "start").length === 0) return null;
  const session: Session = {
    id: answer?.session?.id ?? `unheard ${call.key}`,
    member_id: booking.member_id,
    reservation_id: booking.id,
    started_at: answer?.session?.started_at ?? 0,
    planned_end_at: booking.ends_at,
    active: true,
  };
  const started = put(state, { ...booking, status: "active", version: booking.version + 1 }, null);
  return started && putSession(started, session, answer);
}

/** A walk-up holds the machine from now to its planned end, or to the next start (less the buffer) if that is sooner. */
function startWalkUp(
  state: MachineState,
  call: Ask<"walk_up">,
  answer: MachineAnswer | null,
  rules: MachineRules,
): MachineState | null {
  if (openSession(state)) return null;
  const started_at = answer?.session?.started_at ?? 0;
  const next = occupants(state)
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
    active: true,
  };
  return putSession(state, session, answer);
}

/** Ends the booking with it: the rest of the slot is free at once. */
function endSession(state: MachineState, call: Ask<"end_session">, answer: MachineAnswer | null): MachineState | null {
  const session = state.sessions.find((each) => each.id === call.session_id);
  if (!session?.active || !(call.by.staff || call.by.member_id === session.member_id)) return null;
  const booking = session.reservation_id === null ? undefined : find(state, session.reservation_id);
  const freed = booking ? put(state, { ...booking, status: "completed", version: booking.version + 1 }, null) : state;
  return freed && putSession(freed, { ...session, active: false }, answer);
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
    case "slot_taken": {
      if (call.type !== "reserve" && call.type !== "move") return false;
      const wish = { ...call, id: booking?.id ?? "", member_id: booking?.member_id ?? call.by.member_id };
      const said = answer.conflicts_with;
      return clashes(state, wish, rules).some(
        (each) => each.starts_at === said?.starts_at && each.ends_at === said.ends_at,
      );
    }
    case "stale_version":
      return call.type === "move" && booking !== undefined && booking.version !== call.if_version;
    case "illegal_transition":
      if (session) return !session.active;
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
      return booking.status === "pending" || booking.status === "approved";
    default:
      return true;
  }
}

const isNear = (booking: Booking, rules: MachineRules): boolean => booking.starts_at < rules.near_until;
const maySee = (call: Asked, booking: Booking): boolean => call.by.staff || booking.member_id === call.by.member_id;
const may = (call: Asked & { type: string }, booking: Booking): boolean =>
  call.by.staff || (call.type !== "approve" && booking.member_id === call.by.member_id);
