/** What one machine remembers of series. */

import type { ReservationRecord, SeriesRecord } from "../../../src/modules/equipment/port.ts";
import { row, rows } from "../../sql.ts";
import { type ReservationRow, reservationColumns } from "./rows.ts";

/** As stored: the machine's id is the object's own. */
export type SeriesRow = Omit<SeriesRecord, "equipment_id">;

/** Columns in the order of the INSERT below; the projection copies the same. */
export const seriesColumns = [
  "id",
  "member_id",
  "status",
  "rrule",
  "local_start",
  "timezone",
  "duration_minutes",
  "starts_at",
  "ends_at",
  "purpose",
  "project_id",
  "created_by",
  "continues",
  "created_at",
  "updated_at",
  "version",
] as const satisfies readonly (keyof SeriesRow)[];

const COLUMNS = seriesColumns.join(", ");
const BY_ID = `SELECT ${COLUMNS} FROM series WHERE id = ?`;
const PUT = `INSERT OR REPLACE INTO series (${COLUMNS}) VALUES (${seriesColumns.map(() => "?").join(", ")})`;
const BOOKINGS = `SELECT ${reservationColumns.join(", ")} FROM reservations WHERE series_id = ? ORDER BY starts_at, id`;
const EMPTY = `UPDATE series SET purpose = NULL, version = version + 1 WHERE member_id = ? AND purpose IS NOT NULL
  RETURNING id, version`;
/** Of a member, all: their bookings went before, or say the rest. */
export const SERIES_OF = "FROM series WHERE member_id = ?";

export class SeriesStore {
  readonly #sql: SqlStorage;

  constructor(
    sql: SqlStorage,
    readonly equipment_id: string,
  ) {
    this.#sql = sql;
  }

  read(id: string): SeriesRecord | null {
    const found = row<SeriesRow>(this.#sql, BY_ID, id);
    return found && { ...found, equipment_id: this.equipment_id };
  }

  put(record: SeriesRecord): void {
    this.#sql.exec(PUT, ...seriesColumns.map((column) => record[column]));
  }

  /** The bookings of a series, by start. */
  bookings(id: string): ReservationRecord[] {
    const found = rows<ReservationRow>(this.#sql, BOOKINGS, id);
    return found.map((each) => ({ ...each, equipment_id: this.equipment_id }));
  }

  /** Empties what a person wrote. Answers those that have changed. */
  forget(member_id: string): { id: string; version: number }[] {
    return rows(this.#sql, EMPTY, member_id);
  }
}
