/** The versions of its price that a machine's bookings name. None is ever changed. */

import type { PriceBook } from "../../../src/modules/equipment/prices/model.ts";
import { row } from "../../sql.ts";

export class PriceBooks {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  keep({ version, ...body }: PriceBook): void {
    if (row(this.#sql, "SELECT 1 AS one FROM price_books WHERE version = ?", version)) return;
    this.#sql.exec("INSERT INTO price_books (version, body) VALUES (?, ?)", version, JSON.stringify(body));
  }

  find(version: number): PriceBook | null {
    const found = row<{ body: string }>(this.#sql, "SELECT body FROM price_books WHERE version = ?", version);
    return found && { ...(JSON.parse(found.body) as Omit<PriceBook, "version">), version };
  }
}
