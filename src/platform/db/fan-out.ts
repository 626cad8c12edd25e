/** "Any of" filters in keyset lists: one bounded index walk per combination, merged, so that rows read grow with the page alone. */

import { and, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { problem } from "../problem.ts";
import type { Database } from "./driver.ts";

/** More walks than this would make one page dearer than it is worth; a board of twelve machines in all eight statuses is not. */
const MAX_WALKS = 128;

/**
 * Every combination of one value per filter; a filter left out contributes nothing.
 * @throws invalid_parameter when the filters multiply to more than 128 walks.
 */
export function combinations<K extends string>(
  filters: Readonly<Record<K, readonly string[] | undefined>>,
): Partial<Record<K, string>>[] {
  let walks: Partial<Record<K, string>>[] = [{}];
  for (const name of Object.keys(filters) as K[]) {
    const values = filters[name];
    if (values) walks = walks.flatMap((walk) => [...new Set(values)].map((value) => ({ ...walk, [name]: value })));
  }
  if (walks.length > MAX_WALKS) throw problem("invalid_parameter", { detail: "Too many filter values at once." });
  return walks;
}

/**
 * Runs the walks in one trip (D1 refuses a UNION of more than five) and merges them.
 * @param walks selects of at most `limit` rows each, in list order
 * @param order negative when `a` comes first
 */
export async function mergeWalks<Row>(
  db: Database,
  walks: BatchItem<"sqlite">[],
  order: (a: Row, b: Row) => number,
  limit: number,
): Promise<Row[]> {
  const [first, ...rest] = walks;
  if (!first) return [];
  const found = (await db.batch([first, ...rest])) as Row[][];
  return found.flat().sort(order).slice(0, limit);
}

/**
 * An equality that leads an index. Without statistics SQLite takes a range or an order for the better guide and walks
 * past every row to find a rare value; the hint says that few rows match, and changes no result.
 */
export const leads = (column: SQLiteColumn, value: string): SQL => sql`unlikely(${eq(column, value)})`;

/** The bounds of a list: from (inclusive), to (exclusive), and where the last page ended. */
interface Bounds {
  from?: number | undefined;
  to?: number | undefined;
  after: { value: number | string; id: string } | null;
  direction: "asc" | "desc";
}

/**
 * The range of a keyset list over (number, id). A page that continues leaves out the bound that its cursor is past
 * already: SQLite seeks by one of the two, and would begin at the range's edge on every page.
 */
export function within(column: SQLiteColumn, id: SQLiteColumn, bounds: Bounds): SQL | undefined {
  const { from, to, after, direction } = bounds;
  const later = direction === "asc";
  const edge =
    after &&
    (later
      ? sql`(${column}, ${id}) > (${Number(after.value)}, ${after.id})`
      : sql`(${column}, ${id}) < (${Number(after.value)}, ${after.id})`);
  return and(
    from === undefined || (after && later) ? undefined : gte(column, from),
    to === undefined || (after && !later) ? undefined : lt(column, to),
    edge ?? undefined,
  );
}

/** The range of a keyset list over (text, id), after where the last page ended. */
export function afterText(
  column: SQLiteColumn,
  id: SQLiteColumn,
  after: { value: number | string; id: string } | null,
  direction: "asc" | "desc",
): SQL | undefined {
  if (!after) return undefined;
  const [value, last] = [String(after.value), after.id];
  return direction === "asc"
    ? sql`(${column}, ${id}) > (${value}, ${last})`
    : sql`(${column}, ${id}) < (${value}, ${last})`;
}

/** As SQLite compares text: by code points, where JavaScript compares halves of them. */
function compareText(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((char, index) => char !== right[index]);
  if (at < 0) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}

/** List order by a text and then the id, either way. */
export const byTextAndId =
  <Row extends { id: string }>(read: (row: Row) => string, direction: "asc" | "desc") =>
  (a: Row, b: Row): number => {
    const sign = direction === "asc" ? 1 : -1;
    return sign * (compareText(read(a), read(b)) || (a.id < b.id ? -1 : 1));
  };

/** List order by a number and then the id, either way. */
export const byNumberAndId =
  <Row extends { id: string }>(read: (row: Row) => number, direction: "asc" | "desc") =>
  (a: Row, b: Row): number => {
    const sign = direction === "asc" ? 1 : -1;
    return sign * (read(a) - read(b) || (a.id < b.id ? -1 : 1));
  };
