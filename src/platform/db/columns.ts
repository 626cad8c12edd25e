import { type SQL, sql } from "drizzle-orm";
import { customType, integer, type SQLiteColumn, text } from "drizzle-orm/sqlite-core";

/** Epoch milliseconds by the database's clock, for reads that are built once, without a time of their own. */
export const CLOCK = sql`CAST(unixepoch('subsec') * 1000 AS INTEGER)`;

/** A JSON text column with a known shape. */
export const json = customType<{ data: unknown; driverData: string }>({
  dataType: () => "text",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => JSON.parse(value) as unknown,
});

/** One of many values, however many: they are one parameter. */
export const among = (column: SQLiteColumn, values: readonly string[]): SQL =>
  sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`;

/** SQLite has no booleans: 0 or 1. */
export const flag = () => integer({ mode: "boolean" });

/** Every table of a makerspace starts with it. */
export const makerspaceId = () => text().notNull();

/** What every resource with an id carries. Times are epoch milliseconds. */
export const resourceColumns = () => ({
  version: integer().notNull(),
  created_at: integer().notNull(),
  updated_at: integer().notNull(),
});
