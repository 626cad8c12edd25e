/**
 * The sequential specification of one machine: what it may answer if it serves one request after the other.
 * Written naively on purpose, from the rules and not from the object: a list of bookings, a list of sessions, and every pair compared.
 * It knows no clock. Histories use bookings that are days ahead, or "near" ones whose check-in is open for the whole recording.
 */

import {
  holdsSlot,
  type Interval,
  overlaps,
  type ReservationStatus,
  stepsTo,
} from "../../../src/modules/equipment/model.ts";
import type { Model } from "./checker.ts";

export interface Booking extends Interval {
  id: string;
  member_id: string;
  status: ReservationStatus;
  version: number;
}

export interface Session {
  id: string;
  member_id: string;
  reservation_id: string | null;
  started_at: number;
  planned_end_at: number;
  active: boolean;
}

export interface MachineState {
  bookings: readonly Booking[];
  sessions: readonly Session[];
  retired: boolean;
}

/** Who asks, of which machine; `key` is the request's own, unique. */
interface Asked {
  machine: string;
  key: string;
  by: { member_id: string; staff: boolean };
}

/** What can be asked of a machine. */
export type MachineCall = Asked &
  (
    | ({ type: "reserve" } & Interval)
    | ({ type: "move"; reservation_id: string; if_version: number } & Interval)
    | { type: "approve" | "cancel" | "check_in"; reservation_id: string }
    | { type: "start_session"; reservation_id: string }
    | { type: "walk_up"; planned_minutes: number }
    | { type: "end_session"; session_id: string }
    | { type: "retire" }
    | ({ type: "list" } & Interval)
  );
export type MachineCallType = MachineCall["type"];

/** What came back, as far as it matters here. */
export interface MachineAnswer {
  status: number;
  code: string | null;
  current_status: string | null;
  conflicts_with: Interval | null;
  reservation: Booking | null;
  session: Session | null;
  /** Holding bookings in the asked window, oldest first. */
  list: Booking[] | null;
}

export interface MachineRules {
  approval: "none" | "staff";
  /** A booking that starts before this instant can be checked in to and started now; later ones cannot. */
  near_until: number;
}

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
      if (occupants(state).some((other) => overlaps(other, call))) return null;
      const status = rules.approval === "staff" && !call.by.staff ? "pending" : "approved";
      const { starts_at, ends_at, by, key } = call;
      const id = answer?.reservation?.id ?? `unheard ${key}`;
      return put(state, { id, member_id: by.member_id, starts_at, ends_at, status, version: 1 }, answer);
    }
    case "move": {
      const booking = find(state, call.reservation_id);
      if (!booking || !maySee(call, booking) || booking.version !== call.if_version) return null;
      if (booking.status !== "pending" && booking.status !== "approved") return null;
      if (occupants(state).some((other) => other.id !== booking.id && overlaps(other, call))) return null;
      const { starts_at, ends_at } = call;
      return put(state, { ...booking, starts_at, ends_at, version: booking.version + 1 }, answer);
    }
    case "approve":
    case "cancel":
    case "check_in":
      return change(state, call, answer, rules);
    case "start_session":
      return startBooked(state, call, answer, rules);
    case "walk_up":
      return startWalkUp(state, call, answer);
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

/** A walk-up holds the machine from now to its planned end, or to the next start if that is sooner. */
function startWalkUp(state: MachineState, call: Ask<"walk_up">, answer: MachineAnswer | null): MachineState | null {
  if (openSession(state)) return null;
  const started_at = answer?.session?.started_at ?? 0;
  const starts = occupants(state)
    .map((other) => other.starts_at)
    .filter((at) => at > started_at);
  const session: Session = {
    id: answer?.session?.id ?? `unheard ${call.key}`,
    member_id: call.by.member_id,
    reservation_id: null,
    started_at,
    planned_end_at: Math.min(started_at + call.planned_minutes * 60_000, ...starts),
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
      const clashes = occupants(state).filter((other) => other.id !== booking?.id && overlaps(other, call));
      const said = answer.conflicts_with;
      return clashes.some((other) => other.starts_at === said?.starts_at && other.ends_at === said.ends_at);
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

const find = (state: MachineState, id: string): Booking | undefined => state.bookings.find((each) => each.id === id);
const openSession = (state: MachineState): boolean => state.sessions.some((each) => each.active);
const isNear = (booking: Booking, rules: MachineRules): boolean => booking.starts_at < rules.near_until;
const maySee = (call: Asked, booking: Booking): boolean => call.by.staff || booking.member_id === call.by.member_id;
const may = (call: Asked & { type: string }, booking: Booking): boolean =>
  call.by.staff || (call.type !== "approve" && booking.member_id === call.by.member_id);

/** Everything that holds the machine: bookings, and the walk-up that is running. */
function occupants(state: MachineState): (Interval & { id: string })[] {
  const walkUps = state.sessions.filter((each) => each.active && each.reservation_id === null);
  return [
    ...state.bookings.filter((each) => holdsSlot(each.status)),
    ...walkUps.map((each) => ({ id: each.id, starts_at: each.started_at, ends_at: each.planned_end_at })),
  ];
}

/** Writes a booking, if the answer shows this very booking. */
function put(state: MachineState, booking: Booking, answer: MachineAnswer | null): MachineState | null {
  if (answer !== null && (answer.reservation === null || bookingText(answer.reservation) !== bookingText(booking)))
    return null;
  const others = state.bookings.filter((each) => each.id !== booking.id);
  return { ...state, bookings: [...others, booking].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** Writes a session, if the answer shows this very session. */
function putSession(state: MachineState, session: Session, answer: MachineAnswer | null): MachineState | null {
  if (answer !== null && (answer.session === null || sessionText(answer.session) !== sessionText(session))) return null;
  const others = state.sessions.filter((each) => each.id !== session.id);
  return { ...state, sessions: [...others, session].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** A list shows every holding booking that touches the window; one that nobody heard of may show under any id. */
function isListOf(state: MachineState, window: Interval, list: readonly Booking[]): boolean {
  const expected = state.bookings
    .filter((each) => holdsSlot(each.status) && overlaps(each, window))
    .sort((a, b) => a.starts_at - b.starts_at);
  return (
    expected.length === list.length &&
    expected.every((booking, index) => {
      const shown = list[index];
      if (!shown) return false;
      const id = booking.id.startsWith("unheard ") ? shown.id : booking.id;
      return bookingText({ ...booking, id }) === bookingText(shown);
    })
  );
}

const bookingText = (b: Booking): string =>
  `${b.id} ${b.member_id} ${b.starts_at} ${b.ends_at} ${b.status} ${b.version}`;
const sessionText = (s: Session): string =>
  `${s.id} ${s.member_id} ${s.reservation_id} ${s.started_at} ${s.planned_end_at} ${s.active}`;

/** Equal text, equal number: keeps the hash of a state short. Every booking and session is numbered once. */
const numbers = new Map<string, number>();
const numbered = new WeakMap<object, number>();

function numberOf<T extends object>(thing: T, toText: (thing: T) => string): number {
  const known = numbered.get(thing);
  if (known !== undefined) return known;
  const text = toText(thing);
  const number = numbers.get(text) ?? numbers.size;
  numbers.set(text, number);
  numbered.set(thing, number);
  return number;
}

const textOf = (state: MachineState): string =>
  [
    state.retired ? "retired" : "",
    state.bookings.map((each) => numberOf(each, bookingText)).join(),
    state.sessions.map((each) => numberOf(each, sessionText)).join(),
  ].join("/");
