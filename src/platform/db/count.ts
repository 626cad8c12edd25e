/** Counting as far as anybody reads: lists say how many rows there are, up to a thousand. */

import { sql } from "drizzle-orm";
import type { SQLiteSelect } from "drizzle-orm/sqlite-core";
import type { Database } from "./driver.ts";

/** Nobody counts further. */
export const COUNT_MAX = 1_000;

/** How many rows a list has; `capped` when there are more than the value says. */
export interface Count {
  value: number;
  capped: boolean;
}

/**
 * Counts the rows of a select, and reads no more of them than it takes to know that they are too many.
 * @param rows a select without order and limit, whose filters are what an index leads with
 */
export async function countUpTo(db: Database, rows: SQLiteSelect): Promise<Count> {
  const bounded = rows.limit(COUNT_MAX + 1).as("bounded");
  const [found] = await db.select({ value: sql<number>`count(*)` }).from(bounded);
  const value = found?.value ?? 0;
  return { value: Math.min(value, COUNT_MAX), capped: value > COUNT_MAX };
}
