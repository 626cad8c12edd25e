/** The slots that are kept for somebody who is still choosing. Few at a time. */

import type { HoldRecord } from "../../../src/modules/equipment/port.ts";
import { row, rows } from "../../sql.ts";

const HOLD_FIELDS = "id, member_id, starts_at, ends_at, expires_at, renewals, created_at, moves, seq";

export class Holds {
  readonly #sql: SqlStorage;
  readonly #equipment_id: string;

  constructor(sql: SqlStorage, equipment_id: string) {
    this.#sql = sql;
    this.#equipment_id = equipment_id;
  }

  get(id: string): HoldRecord | null {
    const found = row<Omit<HoldRecord, "equipment_id">>(this.#sql, `SELECT ${HOLD_FIELDS} FROM holds WHERE id = ?`, id);
    return found && { ...found, equipment_id: this.#equipment_id };
  }

  /** Every hold, or those of one member. */
  of(member_id: string | null): HoldRecord[] {
    const found = rows<Omit<HoldRecord, "equipment_id">>(
      this.#sql,
      `SELECT ${HOLD_FIELDS} FROM holds WHERE ?1 IS NULL OR member_id = ?1 ORDER BY id`,
      member_id,
    );
    return found.map((each) => ({ ...each, equipment_id: this.#equipment_id }));
  }

  /** The one slot that a member keeps while they choose. */
  chosenBy(member_id: string): HoldRecord | null {
    return this.of(member_id).find(({ moves }) => moves === null) ?? null;
  }

  put({ id, member_id, starts_at, ends_at, expires_at, renewals, created_at, moves, seq }: HoldRecord): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO holds (${HOLD_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      member_id,
      starts_at,
      ends_at,
      expires_at,
      renewals,
      created_at,
      moves,
      seq,
    );
  }

  drop(id: string): void {
    this.#sql.exec("DELETE FROM holds WHERE id = ?", id);
  }
}
