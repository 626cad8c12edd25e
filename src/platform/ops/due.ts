/**
 * Rows that say themselves when they are due: `due_at` of a table, with an index `<table>_due` over all makerspaces of those that have one. Looked
 * after each quarter of an hour, on which local midnights fall in every zone.
 */

import { eq, getTableName, lte, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { SettingsSource } from "../access/membership.ts";
import type { SpaceTable } from "../db/store.ts";
import type { EventType } from "../events.ts";
import { describeError, log } from "../log.ts";
import { Problem } from "../problem.ts";
import type { Space } from "../space.ts";
import { loadSystemSpace } from "../system-space.ts";
import { HOUR } from "../time.ts";
import { rounds } from "./rounds.ts";

type DueTable = SpaceTable & Record<"id" | "due_at", SQLiteColumn>;

// In words that the partial index knows.
const isDue = (now: number) => sql`due_at IS NOT NULL AND due_at <= ${now}`;
const indexed = (table: DueTable) => sql.raw(`${getTableName(table)} INDEXED BY ${getTableName(table)}_due`);

/**
 * The clock's task and its message's consumer. The message's type names the task, and who acts: "documents" of "documents.due".
 * @param work does a part of what is due in one makerspace, and says whether more is left; running twice changes nothing
 */
export const dueRounds = <T extends EventType & `${string}.due`>(
  type: T,
  table: DueTable,
  source: SettingsSource,
  work: (space: Space) => Promise<boolean>,
) =>
  rounds({
    name: type.replace(".", "_"),
    schedule: "quarter",
    type,
    waiting: (db, now, limit) =>
      db.all<{ makerspace_id: string }>(
        sql`SELECT DISTINCT makerspace_id FROM ${indexed(table)} WHERE ${isDue(now)} LIMIT ${limit}`,
      ),
    async work({ store, request_id, now }) {
      const actor_id = type.slice(0, -".due".length);
      const space = await loadSystemSpace(store, source, { actor_id, request_id, now });
      return { more: space !== null && (await work(space)) };
    },
  });

/** Ids of what is due in a makerspace, the oldest first. */
async function dueIds({ store, now }: Space, table: DueTable, limit: number): Promise<string[]> {
  const rows = await store.db.all<{ id: string }>(sql`
    SELECT id FROM ${indexed(table)} WHERE ${isDue(now)} AND makerspace_id = ${store.makerspace_id}
    ORDER BY due_at LIMIT ${limit}`);
  return rows.map(({ id }) => id);
}

/** Handles one after the other. Where somebody else was faster is left alone; of what fails `failed` is told. @returns how many were handled */
export async function tryEach<Row>(
  rows: readonly Row[],
  handle: (row: Row) => Promise<unknown>,
  failed: (row: Row, error: unknown) => unknown,
): Promise<number> {
  let handled = 0;
  for (const row of rows) {
    try {
      await handle(row);
      handled += 1;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "conflict") await failed(row, error);
    }
  }
  return handled;
}

/** What is done with the rows of a table. */
interface DueRows<Row> {
  table: DueTable;
  /** Rows that one message works on, within what an invocation may; another one goes on. */
  per_message: number;
  /** The rows of these ids, in the order in which they are handled. */
  read(ids: readonly string[]): Promise<readonly Row[]>;
  handle(row: Row): Promise<unknown>;
}

/**
 * Works through what is due in a makerspace, row by row. What fails is looked at again an hour later, behind all others: many of them keep nobody
 * waiting. What is handled may be due again at once.
 * @returns whether more is left
 */
export async function eachDue<Row extends { id: string }>(
  space: Space,
  { table, per_message, read, handle }: DueRows<Row>,
): Promise<boolean> {
  const ids = await dueIds(space, table, per_message);
  const handled = await tryEach(await read(ids), handle, async (row, error) => {
    const { id } = row;
    log.error("due_failed", { makerspace_id: space.id, table: getTableName(table), id, error: describeError(error) });
    await space.db
      .update(table)
      .set({ due_at: space.now + HOUR })
      .where(space.store.in(table, eq(table.id, row.id), lte(table.due_at, space.now)));
  });
  return ids.length === per_message || (handled > 0 && (await dueIds(space, table, 1)).length > 0);
}
