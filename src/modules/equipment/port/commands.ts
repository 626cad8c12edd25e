/** What a machine's object is asked to do, by whom and on what grounds; and what it answers. */

import type { ReasonInput } from "../../../platform/problem.ts";
import type { Gates, Interval, OutputQuality, ReservationStatus } from "../model.ts";
import type { Pricing } from "../prices/model.ts";
import type { OfferCommand, OfferRecord } from "./offers.ts";
import type { PolicyVersions } from "./policy.ts";
import type { HoldRecord, OutageRecord, ReservationRecord, SessionRecord } from "./records.ts";
import type { SeriesCommand, SeriesConflict, SeriesOutcome } from "./series.ts";

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
  /** By which the machine prices what it books; null or absent where nobody is charged. */
  pricing?: Pricing | null;
  /** Duties on this machine of who acts for themselves. */
  duties?: readonly string[];
}

/** An Idempotency-Key, scoped to its principal and route; `ttl_ms` is 24 h, 7 days for tablets. */
export interface CommandKey {
  key: string;
  scope: string;
  fingerprint: string;
  ttl_ms: number;
}

/** What is to be booked. */
export interface Booking {
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
  /** Its holder agrees to another machine of the kind. */
  may_move?: boolean;
  /** The booking on another machine that this one goes on from. */
  moved_from?: string | null;
}

/** The reservation of another machine in a bundle. */
export interface BundlePart {
  equipment_id: string;
  reservation_id: string;
}

export type BundleOutcome = "committed" | "aborted";

export type Command =
  | ({ type: "reserve" } & Booking)
  /** Keeps a slot until the coordinator of the bundle has decided. */
  | ({ type: "hold_part"; bundle_id: string; coordinator_id: string } & Omit<Booking, "hold_id">)
  /** Books this slot, and with it those that the other machines keep. */
  | ({ type: "commit_bundle"; bundle_id: string; parts: BundlePart[] } & Omit<Booking, "hold_id">)
  /** Keeps a slot for somebody who is still choosing. */
  | {
      type: "hold";
      hold_id: string;
      starts_at: number;
      ends_at: number;
      /** The booking on another machine that is to go on here: what its holder keeps for themselves stays beside it. */
      moves?: string;
    }
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
      may_move?: boolean;
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
  /** Takes the machine out of service, and ends the bookings in its way: exactly those that `displaced` names. */
  | ({ type: "take_out"; outage_id: string; reason: string; displaced: Displaced[] } & OutageTimes)
  | ({
      type: "amend_outage";
      outage_id: string;
      if_version: number;
      reason?: string;
      displaced: Displaced[];
    } & Partial<OutageTimes>)
  /** The machine is back; repeating it changes nothing. */
  | { type: "lift_outage"; outage_id: string }
  | { type: "retire" }
  /**
   * Cancels a member's future bookings, unless they are kept, and closes their sockets. A running session goes on, or its record ends and the
   * rest of its time is free; the machine itself is not cut mid-job either way.
   */
  | { type: "sweep_member"; member_id: string; note: string; keep_bookings?: true; end_session?: true }
  /** Cancels those of a member's future bookings that they may not begin with the skills that the facts bring. */
  | { type: "sweep_unskilled"; member_id: string; note: string }
  | SeriesCommand
  | OfferCommand;

/** When a machine is out: throughout, or in weekly windows (JSON) between the two. */
export type OutageTimes = Pick<OutageRecord, "starts_at" | "ends_at" | "weekly">;

/** A booking that gives way to an outage, as somebody has seen it, and what its holder gets instead. */
export interface Displaced {
  reservation_id: string;
  version: number;
  /** Machines that were free for it. */
  alternatives?: string[];
  /** Where it goes on: the hold is there, the booking follows. */
  moved_to?: { equipment_id: string; reservation_id: string; hold_id: string };
}

export interface CommandCall {
  command: Command;
  actor: CommandActor;
  facts: Facts;
  key: CommandKey | null;
  request_id: string;
}

export const refusalCodes = [
  "not_found",
  "forbidden",
  "slot_taken",
  "hold_gone",
  "bundle_over",
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
  "series_conflicts",
  "plan_stale",
  "outage_refused",
  "offer_gone",
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

export interface Refusal {
  ok: false;
  code: RefusalCode;
  /** Every rule that said no, with what would fix it. */
  reasons: ReasonInput[];
  /** Never whose it is. */
  conflicts_with?: Interval;
  /** With `series_conflicts`. */
  conflicts?: SeriesConflict[];
  /** With `illegal_transition`. */
  status?: ReservationStatus;
}

export interface Outcome {
  reservation: ReservationRecord | null;
  session: SessionRecord | null;
  hold: HoldRecord | null;
  series?: SeriesOutcome;
  /** With the sweeps and outages: how many bookings were cancelled. */
  offer?: OfferRecord;
  cancelled?: number;
  outage?: OutageRecord;
  /** What was said against the person and let them through. */
  warnings?: ReasonInput[];
}

export type CommandResult = ({ ok: true; replayed: boolean } & Outcome) | Refusal;
