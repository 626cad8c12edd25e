/** What a machine's object remembers, row by row. Times are epoch milliseconds. */

import type { CancelledBy, Interval, OutageStatus, OutputQuality, ReservationStatus } from "../model.ts";

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
  /** The series it was booked with. */
  series_id: string | null;
  /** JSON of the terms it was made under (`FrozenPrice`); null where nothing is charged. */
  price: string | null;
  /** What its holder owes for a late cancellation or for not coming; null for nothing. */
  fee_minor: number | null;
  /** 1: its holder agrees to another machine of the kind, should this one be taken out of service. */
  may_move: 0 | 1;
  /** Who or what ended it, once it is cancelled. */
  cancelled_by: CancelledBy | null;
  /** The outage that it gave way to. */
  outage_id: string | null;
  /** The booking on another machine that it went on as, and the one that it goes on from. */
  moved_to: string | null;
  moved_from: string | null;
  /** Of several machines that were booked together. */
  bundle_id: string | null;
}

/** A time in which the machine is out of service. Outages may overlap; none of them moves by itself what was booked before. */
export interface OutageRecord extends Interval {
  id: string;
  equipment_id: string;
  status: OutageStatus;
  /** JSON of weekly windows on the wall clock of the makerspace, inside of [starts_at, ends_at); null is all of it. */
  weekly: string | null;
  /** What is said of it to everybody. */
  reason: string;
  created_by: string;
  lifted_by: string | null;
  lifted_at: number | null;
  created_at: number;
  updated_at: number;
  version: number;
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
  /** Of a walk-up, as of a reservation. */
  price: string | null;
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
  /** The booking on another machine that is about to go on here; null when its member chooses. */
  moves: string | null;
  /** Grows with every hold of this machine: of two for one member, the higher one is there. */
  seq: number;
}
