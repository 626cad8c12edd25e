/**
 * Something that is tried until it succeeds: by one at a time, who has claimed it for a while; later each time; and given up at the end. Whoever
 * dies in the middle has used up an attempt, and when the claim is over another one may try.
 */

import { and, lte, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";

/** Durations in milliseconds. */
export interface Tries {
  /** Whoever tries has this long, more than an attempt takes; then another may. */
  lease: number;
  /** From one attempt to the next; after the last one it is given up. */
  retry_after: readonly number[];
}

/** The columns of whatever is tried. `next_attempt_at` is also, while somebody tries, when another may. */
interface TriedTable {
  attempts: SQLiteColumn;
  next_attempt_at: SQLiteColumn;
  version: SQLiteColumn;
}

/** The claim: what to write, and which rows are free. Of two that try, one gets the row. */
export const claimOf = (table: TriedTable, { lease }: Tries, now: number) => ({
  set: {
    attempts: sql`${table.attempts} + 1`,
    next_attempt_at: now + lease,
    updated_at: now,
    version: sql`${table.version} + 1`,
  },
  isFree: (...conditions: (SQL | undefined)[]): SQL | undefined => and(...conditions, lte(table.next_attempt_at, now)),
});

/** Milliseconds until the next attempt when this one (counted from 1) has failed; null when it was the last. */
export const waitAfter = ({ retry_after }: Tries, attempt: number): number | null => retry_after[attempt - 1] ?? null;

/** True when whoever had the last attempt died in it: there is none left for whoever has claimed it now. */
export const isSpent = ({ retry_after }: Tries, attempt: number): boolean => attempt > retry_after.length + 1;
