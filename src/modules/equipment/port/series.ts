/** A series as the machine's object knows it. Times are epoch milliseconds, but for the wall clock. */

import type { ReasonInput } from "../../../platform/problem.ts";
import type { Interval, SeriesScope, SeriesStatus } from "../model.ts";
import type { ReservationRecord } from "./records.ts";

/** How bookings of one series come about: on the wall clock of a zone, by a rule. */
export interface SeriesRule {
  /** RFC 5545, see series/recurrence.ts. */
  rrule: string;
  /** "2027-03-14T18:00" */
  local_start: string;
  /** IANA. */
  timezone: string;
  duration_minutes: number;
}

/** Bookings that belong together. `starts_at` and `ends_at` reach from the first to the last of them. */
export interface SeriesRecord extends SeriesRule, Interval {
  id: string;
  equipment_id: string;
  member_id: string;
  status: SeriesStatus;
  purpose: string | null;
  project_id: string | null;
  created_by: string;
  /** The series that this one goes on from, changed from one of its bookings on. */
  continues: string | null;
  created_at: number;
  updated_at: number;
  version: number;
}

/** One booking that is asked for. */
export interface AskedInstance extends Interval {
  reservation_id: string;
  /** What limits across machines say against it. */
  against: readonly ReasonInput[];
}

/** Why one booking of a series cannot be; never whose fault it is. */
export interface SeriesConflict extends Interval {
  /** As of a single booking. */
  code: string;
  reasons: readonly ReasonInput[];
  conflicts_with?: Interval;
}

export type SeriesCommand =
  | ({
      type: "reserve_series";
      series_id: string;
      /** In order of time. */
      instances: readonly AskedInstance[];
      /** fail: all or nothing; skip: the rest. */
      on_conflict: "fail" | "skip";
      purpose: string | null;
      project_id: string | null;
    } & SeriesRule)
  | {
      type: "amend_series";
      series_id: string;
      if_version: number;
      /** Those that change, as they shall be, with the version that was seen. */
      instances: readonly (AskedInstance & { if_version: number })[];
      /** What becomes of the series itself. */
      rule: SeriesRule | null;
      /** These bookings go on as another series. */
      split: (SeriesRule & { series_id: string; kept: string }) | null;
      purpose?: string | null;
      project_id?: string | null;
    }
  | {
      type: "cancel_series";
      series_id: string;
      scope: SeriesScope;
      /** With `this` and `following`. */
      reservation_id: string | null;
      /** With `following`: the rule of what stays. */
      kept: string | null;
      note: string | null;
    };

/** What became of a series, with the bookings that the command made or changed. */
export interface SeriesOutcome {
  record: SeriesRecord;
  reservations: ReservationRecord[];
  conflicts: SeriesConflict[];
}

/** A series and its bookings, by start. */
export interface WholeSeries {
  record: SeriesRecord;
  reservations: ReservationRecord[];
}
