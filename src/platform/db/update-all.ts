/** Many rows in one statement, each at the version that was read. */

import { getTableColumns, is, type SQL, sql } from "drizzle-orm";
import { type SQLiteColumn, SQLiteCustomColumn } from "drizzle-orm/sqlite-core";
import { type Write, write } from "./commit.ts";
import type { SpaceStore, SpaceTable } from "./store.ts";

/** A table of resources: an id in a makerspace, and a version. */
type VersionedTable = SpaceTable & Record<"id" | "version" | "updated_at", SQLiteColumn>;

/** A row as it was read, and what changes of it: the same columns in all of them. */
export interface RowChange<T extends VersionedTable> {
  id: string;
  version: number;
  set: Partial<T["$inferSelect"]>;
}

/**
 * Changes rows, with their time and version. The batch ends with `conflict` when one of them is not there any more as it was read.
 * @param changes at least one; their columns have plain values, none of JSON
 */
export function updateAll<T extends VersionedTable>(
  { db, makerspace_id }: SpaceStore,
  table: T,
  changes: readonly RowChange<T>[],
  now: number,
): Write {
  const columns = getTableColumns(table);
  const names = Object.keys(changes[0]?.set ?? {});
  if (names.some((name) => is(columns[name], SQLiteCustomColumn)))
    throw new Error("a column of JSON is not changed here");
  const sets: SQL[] = names.map((name) => sql.raw(`${name} = one.wanted ->> '${name}'`));
  const rows = JSON.stringify(changes);
  // Materialized, so that it leads: each row is then looked up by its key.
  const statement = sql`
    WITH one AS MATERIALIZED (
      SELECT value ->> 'id' AS id, value ->> 'version' AS version, value -> 'set' AS wanted FROM json_each(${rows}))
    UPDATE ${table} SET ${sql.join([...sets, sql`updated_at = ${now}`, sql`version = one.version + 1`], sql`, `)} FROM one
    WHERE ${table.makerspace_id} = ${makerspace_id} AND ${table.id} = one.id AND ${table.version} = one.version`;
  return write(db.run(statement), { expect: "conflict", rows: changes.length });
}
