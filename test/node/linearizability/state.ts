/** What one machine holds, as the specification sees it: plain lists, every pair compared. */

import { holdsSlot, type Interval, overlaps, type ReservationStatus } from "../../../src/modules/equipment/model.ts";

export const MINUTE = 60_000;

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
  /** Null while it runs. */
  ended_at: number | null;
}

/** A slot that is kept while its member chooses; long enough for a whole recording. */
export interface Kept extends Interval {
  id: string;
  member_id: string;
}

export interface MachineState {
  bookings: readonly Booking[];
  sessions: readonly Session[];
  holds: readonly Kept[];
  retired: boolean;
}

/** Who asks, of which machine; `key` is the request's own, unique. */
export interface Asked {
  machine: string;
  key: string;
  by: { member_id: string; staff: boolean };
}

/** What can be asked of a machine. */
export type MachineCall = Asked &
  /** `born_as`: the id that turned up later, when the answer itself was lost. */
  (
    | ({ type: "reserve"; born_as?: string; hold_id?: string } & Interval)
    | ({ type: "hold" } & Interval)
    | { type: "release"; hold_id: string }
    | ({ type: "move"; reservation_id: string; if_version: number } & Interval)
    | { type: "approve" | "cancel" | "check_in"; reservation_id: string }
    | { type: "start_session"; reservation_id: string }
    | { type: "walk_up"; planned_minutes: number }
    | { type: "end_session"; session_id: string }
    | { type: "retire" }
    | ({ type: "list" } & Interval)
  );
export type MachineCallType = MachineCall["type"];
/** A call of one type (or of some). */
export type Ask<T extends MachineCallType> = MachineCall & { type: T };

/** The holding bookings that start in a window, oldest first. */
export interface BookingList extends Interval {
  rows: readonly Booking[];
}

/** What came back, as far as it matters here. */
export interface MachineAnswer {
  status: number;
  /** The answer of an earlier try of the same request. */
  replayed: boolean;
  code: string | null;
  current_status: string | null;
  conflicts_with: Interval | null;
  reservation: Booking | null;
  session: Session | null;
  hold: Kept | null;
  list: BookingList | null;
}

export interface MachineRules {
  approval: "none" | "staff";
  /** Kept free after a booking, except before the same member's next one. */
  buffer_minutes: number;
  /** A booking that starts before this instant can be checked in to and started now; later ones cannot. */
  near_until: number;
}

export const find = (state: MachineState, id: string): Booking | undefined =>
  state.bookings.find((each) => each.id === id);
export const openSession = (state: MachineState): boolean => state.sessions.some((each) => each.ended_at === null);
export interface Occupant extends Interval {
  id: string;
  member_id: string;
}

/** What stands in the way of a wish; between bookings of different members the buffer counts, whichever comes first. */
export function clashes(state: MachineState, wish: Occupant, rules: MachineRules): Occupant[] {
  return [...occupants(state), ...state.holds].filter((other) => {
    const buffer = other.member_id === wish.member_id ? 0 : rules.buffer_minutes * MINUTE;
    return other.id !== wish.id && wish.starts_at < other.ends_at + buffer && other.starts_at < wish.ends_at + buffer;
  });
}

/** The hold of a member's that reaches into a slot. */
export const ownHold = (state: MachineState, member_id: string, slot: Interval): Kept | undefined =>
  state.holds.find((each) => each.member_id === member_id && overlaps(each, slot));

/** Writes a hold in place of what is kept for its member, if the answer shows this very one. */
export function putHold(state: MachineState, hold: Kept, answer: MachineAnswer | null): MachineState | null {
  if (answer !== null && (answer.hold === null || holdText(answer.hold) !== holdText(hold))) return null;
  return { ...state, holds: [...state.holds.filter((each) => each.member_id !== hold.member_id), hold] };
}

export const without = (state: MachineState, hold: Kept | undefined): MachineState =>
  hold ? { ...state, holds: state.holds.filter((each) => each !== hold) } : state;

/** Everything that uses the machine or is sure to: bookings, and the walk-up that is running. */
export function occupants(state: MachineState): Occupant[] {
  const walkUps = state.sessions.filter((each) => each.ended_at === null && each.reservation_id === null);
  return [
    ...state.bookings.filter((each) => holdsSlot(each.status)),
    ...walkUps.map(({ id, member_id, started_at, planned_end_at }) => ({
      id,
      member_id,
      starts_at: started_at,
      ends_at: planned_end_at,
    })),
  ];
}

/** Writes a booking, if the answer shows this very booking. */
export function put(state: MachineState, booking: Booking, answer: MachineAnswer | null): MachineState | null {
  if (answer !== null && (answer.reservation === null || bookingText(answer.reservation) !== bookingText(booking)))
    return null;
  const others = state.bookings.filter((each) => each.id !== booking.id);
  return { ...state, bookings: [...others, booking].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** Writes a session, if the answer shows this very session. */
export function putSession(state: MachineState, session: Session, answer: MachineAnswer | null): MachineState | null {
  if (answer !== null && (answer.session === null || sessionText(answer.session) !== sessionText(session))) return null;
  const others = state.sessions.filter((each) => each.id !== session.id);
  return { ...state, sessions: [...others, session].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** A list shows every holding booking that starts in the window; one that nobody heard of may show under any id. */
export function isListOf(state: MachineState, { rows, starts_at, ends_at }: BookingList): boolean {
  const expected = state.bookings
    .filter((each) => holdsSlot(each.status) && each.starts_at >= starts_at && each.starts_at < ends_at)
    .sort((a, b) => a.starts_at - b.starts_at);
  return (
    expected.length === rows.length &&
    expected.every((booking, index) => {
      const shown = rows[index];
      if (!shown) return false;
      const id = booking.id.startsWith("unheard ") ? shown.id : booking.id;
      return bookingText({ ...booking, id }) === bookingText(shown);
    })
  );
}

const bookingText = (b: Booking): string =>
  `${b.id} ${b.member_id} ${b.starts_at} ${b.ends_at} ${b.status} ${b.version}`;
const holdText = (h: Kept): string => `${h.id} ${h.member_id} ${h.starts_at} ${h.ends_at}`;
const sessionText = (s: Session): string =>
  `${s.id} ${s.member_id} ${s.reservation_id} ${s.started_at} ${s.planned_end_at} ${s.ended_at}`;

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

export const textOf = (state: MachineState): string =>
  [
    state.retired ? "retired" : "",
    state.bookings.map((each) => numberOf(each, bookingText)).join(),
    state.sessions.map((each) => numberOf(each, sessionText)).join(),
    state.holds
      .map((each) => numberOf(each, holdText))
      .sort((a, b) => a - b)
      .join(),
  ].join("/");
