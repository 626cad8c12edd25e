/** The handle of one makerspace: it adds the tenant to every condition and every row. */

import { and, eq, type SQL, type SQLWrapper } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { type Database, shardOf } from "./driver.ts";

/** A table of a makerspace. */
export type SpaceTable = SQLiteTable & { makerspace_id: SQLiteColumn };

export class SpaceStore {
  readonly db: Database;
  readonly d1: D1Database;

  constructor(
    readonly makerspace_id: string,
    shard: string,
  ) {
    const { db, d1 } = shardOf(shard, [makerspace_id]);
    this.db = db;
    this.d1 = d1;
  }

  /** The condition "of this makerspace, and …". Every where-clause on a space table is made by it. */
  in(table: SpaceTable, ...conditions: (SQLWrapper | undefined)[]): SQL {
    const inside = and(eq(table.makerspace_id, this.makerspace_id), ...conditions);
    if (inside === undefined) throw new Error("a condition is never empty");
    return inside;
  }

  /** A row as it is inserted: the caller's fields and this makerspace. */
  row<T extends object>(values: T): T & { makerspace_id: string } {
    return { ...values, makerspace_id: this.makerspace_id };
  }
}
