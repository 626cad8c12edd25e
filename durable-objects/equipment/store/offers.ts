/** Who waits for a machine, as windows without names, and what is offered. */

import type { Interval } from "../../../src/modules/equipment/model.ts";
import type { OfferRecord, WaitingWindow } from "../../../src/modules/equipment/port.ts";
import { row, rows } from "../../sql.ts";

const OFFER = "id, entry_id, member_id, starts_at, ends_at, expires_at, created_at";
const WINDOW = "entry_id, window_starts_at, window_ends_at, minutes";
type OfferRow = Omit<OfferRecord, "equipment_id">;

/** More of those who wait are not looked at when time is freed. */
const MOST = 200;

export class Offers {
  readonly #sql: SqlStorage;
  readonly #equipment_id: string;
  /** False when nobody waits; undefined when storage has to be asked. */
  #isAwaited: boolean | undefined;

  constructor(sql: SqlStorage, equipment_id: string) {
    this.#sql = sql;
    this.#equipment_id = equipment_id;
  }

  /** Forgets what memory holds. */
  reload(): void {
    this.#isAwaited = undefined;
  }

  /** Does anybody wait for this machine? Every command that frees time asks. */
  get isAwaited(): boolean {
    this.#isAwaited ??= rows(this.#sql, "SELECT 1 FROM waiting LIMIT 1").length > 0;
    return this.#isAwaited;
  }

  /** Notes who waits. */
  wait({ entry_id, window_starts_at, window_ends_at, minutes }: WaitingWindow): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO waiting (${WINDOW}) VALUES (?, ?, ?, ?)`,
      entry_id,
      window_starts_at,
      window_ends_at,
      minutes,
    );
    this.#isAwaited = true;
  }

  stop(entry_id: string): void {
    this.#sql.exec("DELETE FROM waiting WHERE entry_id = ?", entry_id);
    this.#isAwaited = undefined;
  }

  /** Forgets those whose windows are over. */
  dropPast(now: number): void {
    this.#sql.exec("DELETE FROM waiting WHERE window_ends_at <= ?", now);
    this.#isAwaited = undefined;
  }

  window(entry_id: string): WaitingWindow | null {
    return row<WaitingWindow>(this.#sql, `SELECT ${WINDOW} FROM waiting WHERE entry_id = ?`, entry_id);
  }

  /** Who waits for a part of a stretch; those whose window ends first come first. */
  reaching({ starts_at, ends_at }: Interval): WaitingWindow[] {
    return rows<WaitingWindow>(
      this.#sql,
      `SELECT ${WINDOW} FROM waiting WHERE window_ends_at > ? AND window_starts_at < ? ORDER BY window_ends_at LIMIT ?`,
      starts_at,
      ends_at,
      MOST,
    );
  }

  get(id: string): OfferRecord | null {
    return this.#record(row<OfferRow>(this.#sql, `SELECT ${OFFER} FROM offers WHERE id = ?`, id));
  }

  /** What is offered to an entry. */
  to(entry_id: string): OfferRecord | null {
    return this.#record(row<OfferRow>(this.#sql, `SELECT ${OFFER} FROM offers WHERE entry_id = ?`, entry_id));
  }

  /** Every offer, or those to one member. */
  of(member_id: string | null): OfferRecord[] {
    const found = rows<OfferRow>(
      this.#sql,
      `SELECT ${OFFER} FROM offers WHERE ?1 IS NULL OR member_id = ?1 ORDER BY id`,
      member_id,
    );
    return found.map((each) => ({ ...each, equipment_id: this.#equipment_id }));
  }

  put({ id, entry_id, member_id, starts_at, ends_at, expires_at, created_at }: OfferRecord): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO offers (${OFFER}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      id,
      entry_id,
      member_id,
      starts_at,
      ends_at,
      expires_at,
      created_at,
    );
  }

  drop(id: string): void {
    this.#sql.exec("DELETE FROM offers WHERE id = ?", id);
  }

  #record(found: OfferRow | null): OfferRecord | null {
    return found && { ...found, equipment_id: this.#equipment_id };
  }
}
