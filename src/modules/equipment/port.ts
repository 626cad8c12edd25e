/**
 * The door to a machine's object: commands and results as types. The class in durable-objects/equipment implements it.
 * Results are tagged values, never errors (an error loses its class across RPC). Times are epoch milliseconds.
 */

import type { ReasonInput } from "../../platform/problem.ts";
import type { BusyCause, Interval, ReservationStatus } from "./model.ts";
import type {
  BundleOutcome,
  BundlePart,
  CommandActor,
  CommandCall,
  CommandKey,
  CommandResult,
  Facts,
  HolderFacts,
  OutageTimes,
} from "./port/commands.ts";
import type { OfferRecord } from "./port/offers.ts";
import type { PolicyParts, PolicyVersions } from "./port/policy.ts";
import type { HoldRecord, OutageRecord, ReservationRecord, SessionRecord } from "./port/records.ts";
import type { WholeSeries } from "./port/series.ts";
import type { TicketGrant } from "./port/tickets.ts";

export * from "./port/commands.ts";
export type * from "./port/floor.ts";
export type * from "./port/offers.ts";
export type * from "./port/policy.ts";
export type * from "./port/records.ts";
export type * from "./port/series.ts";
export type * from "./port/tickets.ts";

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

/** The differences the reconciler found and repaired, or could not. */
export interface ReconcileReport {
  reservations: number;
  sessions: number;
  series: number;
  outages: number;
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
  /** A series with its bookings. */
  series(series_id: string): Promise<WholeSeries | null>;
  outage(outage_id: string): Promise<OutageRecord | null>;
  /** The bookings that an outage at these times would end, oldest first; one more than may be at once tells that there are too many. */
  affectedBy(times: OutageTimes): Promise<ReservationRecord[]>;
  /** As the coordinator of a bundle: what was decided; if nothing was, it is aborted from now on. Throws without settings. */
  bundleOutcome(bundle_id: string): Promise<BundleOutcome>;
  /** Books what is kept for a committed bundle, once; null when nothing is kept and nothing was booked. */
  confirmPart(bundle_id: string, reservation_id: string): Promise<ReservationRecord | null>;
  /** The machines of a bundle that this one has committed, but for itself. */
  bundleParts(bundle_id: string): Promise<BundlePart[]>;
  /** Frees what is kept for a bundle whose maker has given it up before asking for the decision; repeating it changes nothing. */
  releasePart(bundle_id: string): Promise<void>;
  /** True while a slot is kept for this reservation until its bundle is decided. */
  isKept(reservation_id: string): Promise<boolean>;
  /** What is offered to an entry of the waitlist now. */
  offerTo(entry_id: string): Promise<OfferRecord | null>;
  availability(from: number, to: number): Promise<Availability>;
  /** Every reason against a booking of this slot as the caller would be judged, without booking; null when settings are missing. */
  explain(question: Question): Promise<Explained | null>;
  /** Stores a ticket; the socket that brings it is opened by `fetch`. @returns false when there is no such machine. */
  grantTicket(grant: TicketGrant): Promise<boolean>;
  /** Closes the sockets of members or tablets at once. */
  closeSockets(principals: readonly TicketGrant["principal"][], reason: string): Promise<number>;
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
