/**
 * The live protocol, shared by the objects, the tablet page and the tests.
 * A socket first gets a snapshot, then numbered events. `resume` (as a message, or `&resume=<seq>` on the URL) asks for what was missed:
 * the gap while the ring of 500 still holds it, otherwise a fresh snapshot. The text `ping` is answered `pong` without waking the object.
 */

import type { EquipmentCategory, EquipmentStatus, ReservationStatus } from "./model.ts";

/** Who watches. Each audience has a payload of its own; names go only where they may. */
export const audiences = ["tablet", "member", "staff"] as const;
export type Audience = (typeof audiences)[number];

/** A stretch of time that somebody holds. Times are ISO 8601 UTC. */
export interface LiveSlot {
  /** A `hold` is kept while somebody chooses, and is pending. */
  kind: "reservation" | "walk_up" | "session" | "hold";
  starts_at: string;
  ends_at: string;
  status: ReservationStatus;
  /** Staff: the full name. Tablet: by the setting `show_holder`, null when the member opted out. Members: null. */
  holder: string | null;
  /** True on the holder's own sockets. */
  mine: boolean;
  /** Staff, and the holder's own sockets. */
  reservation_id?: string;
  member_id?: string;
}

/** What a machine is doing, in one word: stored status first, then sessions, then the current booking. */
export type MachineStatus =
  | "available"
  | "reserved"
  | "in_use"
  | "overrun"
  | "out_of_service"
  | Exclude<EquipmentStatus, "available">
  | "retired";

export interface MachineState {
  equipment_id: string;
  /** Grows with every change of this machine; a newer state always has a higher one. */
  seq: number;
  code: string;
  name: string;
  category: EquipmentCategory;
  location: string | null;
  timezone: string;
  status: MachineStatus;
  /** Until when it is out of service, also while a session goes on; null when it is not. */
  out_until: string | null;
  /** Who has it now and until when: the open session, or the booking that covers this instant. */
  now: LiveSlot | null;
  next: LiveSlot | null;
  /** Up to ten slots that start after now, within 24 hours. */
  upcoming: LiveSlot[];
}

/** What happened, without any name. */
export interface LiveEvent {
  type: string;
  reservation_id?: string;
  session_id?: string;
  starts_at?: string;
  ends_at?: string;
  status?: string;
}

export type MachineMessage =
  | { type: "snapshot"; seq: number; server_time: string; state: MachineState }
  /** `state` is left out on all but the last event of a replayed gap. */
  | { type: "event"; seq: number; server_time: string; event: LiveEvent; state?: MachineState };

export type FloorMessage =
  | { type: "snapshot"; seq: number; server_time: string; machines: MachineState[] }
  | { type: "update"; seq: number; server_time: string; machines: MachineState[]; removed: string[] };

/** What a member is told over their own sockets to the board: never numbered, never repeated. */
export interface NotificationMessage {
  type: "notification";
  server_time: string;
  /** Unread notifications in this makerspace, at most 1,000. */
  unread: number;
  /** The one that came; null when only the count changed. Its text is behind GET …/notifications/{id}. */
  notification: { id: string; type: string; subject: { type: string; id: string } } | null;
}

export type ClientMessage = { type: "resume"; seq: number };

/** Why the server closed a socket. Anything else, or 1006, means: reconnect with back-off. */
export const closeCodes = {
  /** The ticket's time is up (10 minutes): fetch a new ticket and resume. */
  expired: 4401,
  /** The tablet was revoked, or the member suspended or changed: ask for a ticket again, which decides. */
  revoked: 4403,
  /** The machine is gone. */
  retired: 4404,
  /** A message nobody understands. */
  protocol: 4400,
  /** Newer sockets of the same viewer took its place. */
  replaced: 4409,
  /** It asked for what it missed more than once a second: reconnect with back-off. */
  too_often: 4429,
} as const;
