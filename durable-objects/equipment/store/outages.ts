/** When the machine is, was and will be out of service. */

import type { OutageRecord } from "../../../src/modules/equipment/port.ts";
import { row, rows } from "../../sql.ts";
import { type OutageRow, outageColumns } from "./rows.ts";
import { listOf, upsertOf } from "./statements.ts";

const OUTAGE = listOf(outageColumns);
const BY_ID = `SELECT ${OUTAGE} FROM outages WHERE id = ?`;
const AHEAD = `SELECT ${OUTAGE} FROM outages WHERE status = 'open' AND ends_at > ? ORDER BY starts_at, id`;
const PUT = upsertOf("outages", outageColumns);

export class Outages {
  readonly #sql: SqlStorage;
  readonly #equipment_id: string;
  /** What is not over, as of the last look; undefined when storage has to be asked. Every booking asks. */
  #ahead: OutageRecord[] | undefined;

  constructor(sql: SqlStorage, equipment_id: string) {
    this.#sql = sql;
    this.#equipment_id = equipment_id;
  }

  /** Forgets what memory holds. */
  reload(): void {
    this.#ahead = undefined;
  }

  get(id: string): OutageRecord | null {
    const found = row<OutageRow>(this.#sql, BY_ID, id);
    return found && { ...found, equipment_id: this.#equipment_id };
  }

  /** Those that are neither lifted nor over at `now`, oldest first. */
  ahead(now: number): OutageRecord[] {
    this.#ahead ??= rows<OutageRow>(this.#sql, AHEAD, now).map((found) => ({
      ...found,
      equipment_id: this.#equipment_id,
    }));
    if (this.#ahead.some(({ ends_at }) => ends_at <= now))
      this.#ahead = this.#ahead.filter(({ ends_at }) => ends_at > now);
    return this.#ahead;
  }

  put(record: OutageRecord): void {
    this.#sql.exec(PUT, ...outageColumns.map((column) => record[column]));
    this.#ahead = undefined;
  }
}
