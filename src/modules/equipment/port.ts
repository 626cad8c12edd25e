/**
 * The door to a machine's object: commands and results as types. The class in durable-objects/equipment implements it.
 * Results are tagged values, never errors (an error loses its class across RPC). Times are epoch milliseconds.
 */

import type { ReasonInput } from "../../platform/problem.ts";
import type { WeeklyWindows } from "../../platform/settings/hours.ts";
import type { Audience } from "./live.ts";
import type {
  BookingPolicy,
  BusyCause,
  EquipmentCategory,
  EquipmentStatus,
  Gates,
  HolderDisplay,
  Interval,
  OutputQuality,
  ReservationStatus,
} from "./model.ts";

/** What the object keeps of the makerspace's and the machine's settings. The newest version of each part wins. */
export interface PolicyParts {
  makerspace: { version: number; timezone: string; show_holder: HolderDisplay; policy: BookingPolicy };
  equipment: {
    version: number;
    code: string;
    name: string;
    category: EquipmentCategory;
    location: string | null;
    status: EquipmentStatus;
    policy: Partial<BookingPolicy>;
  };
  /** Opening hours on the wall clock of the makerspace; null is always open. */
  hours: { version: number; windows: WeeklyWindows | null };
}

/** The version of each part; 0 for one that never came. */
export type PolicyVersions = { [Part in keyof PolicyParts]: number };

/** Who does it. `authority: "own"` lets a member touch their own reservations and sessions only; the object checks. */
export interface CommandActor {
  kind: "member" | "tablet" | "service" | "system" | "platform";
  /** Membership, tablet, job or (platform) user id. */
  id: string;
  authority: "own" | "any";
}

/** A person as the object needs them; names are kept for display only and can be forgotten. */
export interface HolderFacts {
  member_id: string;
  first_name: string;
  last_name: string;
  /** The member opted out of being named on tablets. */
  hide_name: boolean;
}

/** What the worker read in D1 before asking; older than `decide_before`, it is refused as `stale_facts`. */
export interface Facts {
  decide_before: number;
  /** The policy versions the worker saw; an object that is behind answers `policy_behind` and is given the parts. */
  policy_versions: PolicyVersions;
  /** The person a booking or session is for. */
  holder: HolderFacts | null;
  gates: Gates;
}

/** An Idempotency-Key, scoped to its principal and route; `ttl_ms` is 24 h, 7 days for tablets. */
export interface CommandKey {
  key: string;
  scope: string;
  fingerprint: string;
  ttl_ms: number;
}

export type Command =
  | {
      type: "reserve";
      reservation_id: string;
      starts_at: number;
      ends_at: number;
      purpose: string | null;
      project_id: string | null;
      /** JSON of string pairs; the object keeps it as it is. */
      metadata: string;
      /** The worker has claimed it for this reservation. */
      external_id: string | null;
      /** The hold that this booking takes up. */
      hold_id: string | null;
    }
  /** Keeps a slot for somebody who is still choosing. */
  | { type: "hold"; hold_id: string; starts_at: number; ends_at: number }
  | { type: "renew_hold"; hold_id: string }
  | { type: "release_hold"; hold_id: string }
  | { type: "approve"; reservation_id: string; note: string | null }
  | { type: "reject"; reservation_id: string; note: string | null }
  | { type: "cancel"; reservation_id: string; note: string | null }
  | { type: "check_in"; reservation_id: string }
  | { type: "no_show"; reservation_id: string; note: string | null }
  | { type: "excuse"; reservation_id: string; note: string | null }
  | {
      type: "amend";
      reservation_id: string;
      /** The version the client saw; anything else is `stale_version`. */
      if_version: number;
      starts_at?: number;
      ends_at?: number;
      purpose?: string | null;
      project_id?: string | null;
      metadata?: string;
      external_id?: string | null;
    }
  | {
      type: "start_session";
      session_id: string;
      /** A booked session; without it a walk-up of `planned_minutes`. */
      reservation_id: string | null;
      planned_minutes: number | null;
      project_id: string | null;
    }
  | {
      type: "end_session";
      session_id: string;
      job_successful: boolean | null;
      output_quality: OutputQuality | null;
      notes: string | null;
    }
  | { type: "retire" }
  /**
   * Cancels a member's future bookings, unless they are kept, and closes their sockets. A running session goes on, or its record ends and the
   * rest of its time is free; the machine itself is not cut mid-job either way.
   */
  | { type: "sweep_member"; member_id: string; note: string; keep_bookings?: true; end_session?: true }
  /** Cancels those of a member's future bookings that they may not begin with the skills that the facts bring. */
  | { type: "sweep_unskilled"; member_id: string; note: string };

export interface CommandCall {
  command: Command;
  actor: CommandActor;
  facts: Facts;
  key: CommandKey | null;
  request_id: string;
}

/** A reservation as the object holds it. */
export interface ReservationRecord extends Interval {
  id: string;
  equipment_id: string;
  member_id: string;
  status: ReservationStatus;
  purpose: string | null;
  project_id: string | null;
  /** JSON of the integrator's string pairs. */
  metadata: string;
  external_id: string | null;
  /** Why it was rejected, cancelled, excused, … */
  note: string | null;
  /** Who made it: the member, or staff on their behalf. */
  created_by: string;
  decided_by: string | null;
  decided_at: number | null;
  checked_in_at: number | null;
  /** When a pending reservation lapses. */
  expires_at: number | null;
  created_at: number;
  updated_at: number;
  version: number;
  /** What it counts against the hours of its member's plan: what is planned, less what was given back. */
  counted_minutes: number;
}

/** A stretch of use. `planned_end_at` is the end of the booking, or of the walk-up. */
export interface SessionRecord {
  id: string;
  equipment_id: string;
  member_id: string;
  reservation_id: string | null;
  project_id: string | null;
  status: "active" | "completed";
  started_at: number;
  planned_end_at: number;
  ended_at: number | null;
  ended_by: string | null;
  /** Set when it ran past its plan; with `collides_with` when somebody's booking is next. */
  overrun_at: number | null;
  collides_with: string | null;
  job_successful: boolean | null;
  output_quality: OutputQuality | null;
  notes: string | null;
  created_at: number;
  updated_at: number;
  version: number;
  /** Of a walk-up, as of a reservation; 0 for a booked session, whose reservation counts. */
  counted_minutes: number;
}

/** A slot that is kept while its member chooses. It lives in the machine alone. */
export interface HoldRecord extends Interval {
  id: string;
  equipment_id: string;
  member_id: string;
  expires_at: number;
  /** How often it was renewed. */
  renewals: number;
  created_at: number;
  /** Grows with every hold of this machine: of two for one member, the higher one is there. */
  seq: number;
}

export const refusalCodes = [
  "not_found",
  "forbidden",
  "slot_taken",
  "hold_gone",
  "booking_refused",
  "equipment_unavailable",
  "equipment_retired",
  "equipment_busy",
  "illegal_transition",
  "too_early",
  "has_open_reservations",
  "stale_version",
  "idempotency_mismatch",
  "stale_facts",
  "policy_behind",
  "feature_disabled",
  "skill_required",
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

export interface Refusal {
  ok: false;
  code: RefusalCode;
  /** Every rule that said no, with what would fix it. */
  reasons: ReasonInput[];
  /** Never whose it is. */
  conflicts_with?: Interval;
  /** With `illegal_transition`. */
  status?: ReservationStatus;
}

export interface Outcome {
  reservation: ReservationRecord | null;
  session: SessionRecord | null;
  hold: HoldRecord | null;
  /** With the sweeps: how many bookings were cancelled. */
  cancelled?: number;
  /** What was said against the person and let them through. */
  warnings?: ReasonInput[];
}

export type CommandResult = ({ ok: true; replayed: boolean } & Outcome) | Refusal;

/** Reservations that start in [starts_from, starts_to), after a known one if given. */
export interface ScheduleQuery {
  starts_from: number;
  starts_to: number;
  /** Null for all. */
  statuses: readonly ReservationStatus[] | null;
  after: { starts_at: number; id: string } | null;
  limit: number;
}

export interface Availability {
  /** Where the answer ends: as asked, unless there is more to say than one answer holds. */
  until: number;
  free: Interval[];
  busy: (Interval & { because: BusyCause })[];
}

/** Could this be booked? */
export interface Question extends Interval {
  actor: CommandActor;
  facts: Facts;
}

/** What would be said to a booking: what stops it, and what would only be said. */
export interface Explained {
  reasons: ReasonInput[];
  warnings: ReasonInput[];
}

/** Ids are answered by the object; `digest` is the SHA-256 of the ticket, hex: the ticket itself never reaches storage. */
export interface TicketGrant {
  digest: string;
  expires_at: number;
  audience: Audience;
  principal: { kind: "member" | "tablet"; id: string };
}

/** The differences the reconciler found and repaired, or could not. */
export interface ReconcileReport {
  reservations: number;
  sessions: number;
  repaired: number;
  orphans: number;
  /** Those of them that nobody had marked before. */
  marked: number;
  /** Rows and events that D1 still refuses for what they are, kept by the object until it takes them. */
  parked: number;
}

export interface EquipmentPort {
  /** Creates the object near its makerspace, or brings it up to the newest version of each part. */
  configure(parts: Partial<PolicyParts>): Promise<PolicyVersions>;
  /** The only way to change anything: bookings, sessions, retirement. */
  execute(call: CommandCall): Promise<CommandResult>;
  /** What the command with this key answered, marked as replayed; null when it has had no effect. */
  replayed(key: CommandKey): Promise<CommandResult | null>;
  reservation(reservation_id: string): Promise<ReservationRecord | null>;
  /** Reservations by (starts_at, id), oldest first. */
  reservations(query: ScheduleQuery): Promise<ReservationRecord[]>;
  session(session_id: string): Promise<SessionRecord | null>;
  /** Null when it has been used, let go, or has run out. */
  hold(hold_id: string): Promise<HoldRecord | null>;
  availability(from: number, to: number): Promise<Availability>;
  /** Every reason against a booking of this slot as the caller would be judged, without booking; null when settings are missing. */
  explain(question: Question): Promise<Explained | null>;
  /** Stores a ticket; the socket that brings it is opened by `fetch`. @returns false when there is no such machine. */
  grantTicket(grant: TicketGrant): Promise<boolean>;
  /** Closes the sockets of a member or tablet at once. */
  closeSockets(principal: { kind: "member" | "tablet"; id: string }, reason: string): Promise<number>;
  /** Sends every row that D1 shows otherwise again; used by the reconciler and after a restore. */
  reproject(): Promise<ReconcileReport>;
  /** Shows a member whose name or wish to be named has changed as they are now, if this machine knows them at all. */
  introduce(holder: HolderFacts): Promise<void>;
  /** Removes a person's name from rows, rings and snapshots, and the texts of their bookings and sessions, here and in D1. */
  forget(member_id: string): Promise<void>;
  /** Deletes the bookings and sessions of a person that are over, here and in D1. Throws when D1 does not answer: then it is repeated. */
  purge(member_id: string): Promise<void>;
  /** True when storage answers. */
  ping(): Promise<boolean>;
}

/** The live board of a makerspace, and the home of its tablets' credentials (so that a tablet works with D1 down). */
export interface FloorPort {
  /** Newest state wins; each audience has its own. */
  publish(update: FloorUpdate): Promise<void>;
  /** A machine gained its first or lost its last watcher. */
  watched(equipment_id: string, watched: boolean): Promise<void>;
  /** Machines that somebody watches now. */
  watchedMachines(): Promise<string[]>;
  /** @returns false for a tablet that is not paired any more. */
  grantTicket(grant: TicketGrant & { equipment_ids: string[] | null }): Promise<boolean>;
  /** Whether a tablet has a credential still. */
  isPaired(tablet_id: string): Promise<boolean>;
  closeSockets(principal: { kind: "member" | "tablet"; id: string }, reason: string): Promise<number>;
  putTablet(tablet: TabletCredential): Promise<void>;
  /** The tablet behind a token's digest, or null when it was revoked or never was. */
  tablet(tablet_id: string, token_digest: string): Promise<TabletCredential | null>;
  revokeTablet(tablet_id: string): Promise<void>;
  /** Those of these members who have a socket open here. */
  present(member_ids: readonly string[]): Promise<string[]>;
  /** Says something to the sockets of single members, and to nobody else's. @returns how many sockets heard it. */
  tell(messages: readonly { member_id: string; text: string }[]): Promise<number>;
}

export interface FloorUpdate {
  equipment_id: string;
  seq: number;
  /** A retired machine leaves the board. */
  removed: boolean;
  /** JSON of MachineState without `mine`, one per audience. */
  states: Record<Audience, string>;
}

export interface TabletCredential {
  tablet_id: string;
  token_digest: string;
  equipment_ids: string[];
  label: string;
}
