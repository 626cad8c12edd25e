/** The rows of a machine's reservations and sessions, column by column: storage, the projection and remembered answers copy the same. */

import type { OutageRecord, ReservationRecord, SessionRecord } from "../../../src/modules/equipment/port.ts";

/** A reservation or session as stored: the machine's id is the object's own. */
export type ReservationRow = Omit<ReservationRecord, "equipment_id">;
export type SessionRow = Omit<SessionRecord, "equipment_id" | "job_successful"> & { job_successful: 0 | 1 | null };

export type OutageRow = Omit<OutageRecord, "equipment_id">;

/** Columns in the order of the INSERTs below; the projection copies the same. */
export const reservationColumns = [
  "id",
  "member_id",
  "status",
  "starts_at",
  "ends_at",
  "purpose",
  "project_id",
  "note",
  "created_by",
  "decided_by",
  "decided_at",
  "checked_in_at",
  "expires_at",
  "created_at",
  "updated_at",
  "version",
  "metadata",
  "external_id",
  "counted_minutes",
  "series_id",
  "price",
  "fee_minor",
  "may_move",
  "cancelled_by",
  "outage_id",
  "moved_to",
  "moved_from",
  "bundle_id",
] as const satisfies readonly (keyof ReservationRow)[];

export const sessionColumns = [
  "id",
  "member_id",
  "reservation_id",
  "project_id",
  "status",
  "started_at",
  "planned_end_at",
  "ended_at",
  "ended_by",
  "overrun_at",
  "collides_with",
  "job_successful",
  "output_quality",
  "notes",
  "created_at",
  "updated_at",
  "version",
  "counted_minutes",
  "price",
] as const satisfies readonly (keyof SessionRow)[];

export const outageColumns = [
  "id",
  "status",
  "starts_at",
  "ends_at",
  "weekly",
  "reason",
  "created_by",
  "lifted_by",
  "lifted_at",
  "created_at",
  "updated_at",
  "version",
] as const satisfies readonly (keyof OutageRow)[];

/** Of a member, what is over. */
export const OVER_RESERVATIONS =
  "FROM reservations WHERE member_id = ? AND status NOT IN ('pending', 'approved', 'active')";
export const OVER_SESSIONS = "FROM sessions WHERE member_id = ? AND status = 'completed'";
