/** Many rows in one statement: D1 binds a hundred values and takes a thousand statements per invocation. */

import { getTableColumns, is, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { SQLiteCustomColumn } from "drizzle-orm/sqlite-core";
import type { SpaceStore, SpaceTable } from "./store.ts";

/** Rows that fit one parameter of D1 (2 MB) with room to spare, at two kilobytes each. */
const ROWS_PER_STATEMENT = 500;

/** Statements that insert whole rows; those whose key is there already are left as they are. */
export function insertAll<T extends SpaceTable>(
  { db }: SpaceStore,
  table: T,
  rows: readonly T["$inferSelect"][],
): BatchItem<"sqlite">[] {
  const columns = Object.entries(getTableColumns(table)).map(([name, column]) => {
    const path = sql.raw(`'${name}'`);
    // Of the columns only JSON has a type of our own: it stays text of JSON, all else becomes a plain value.
    return is(column, SQLiteCustomColumn) ? sql`nullif(value -> ${path}, 'null')` : sql`value ->> ${path}`;
  });
  const statements: BatchItem<"sqlite">[] = [];
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    const some = JSON.stringify(rows.slice(from, from + ROWS_PER_STATEMENT));
    const select = sql`SELECT ${sql.join(columns, sql`, `)} FROM json_each(${some}) WHERE true`;
    statements.push(db.insert(table).select(select).onConflictDoNothing());
  }
  return statements;
}
