/** "Any of" filters in keyset lists: one bounded index walk per combination, merged, so that rows read grow with the page alone. */

import type { BatchItem } from "drizzle-orm/batch";
import { problem } from "../problem.ts";
import type { Database } from "./driver.ts";

/** More walks than this would make one page dearer than it is worth. */
const MAX_WALKS = 64;

/**
 * Every combination of one value per filter; a filter left out contributes nothing.
 * @throws invalid_parameter when the filters multiply to more than 64 walks.
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

/** List order by a number and then the id, either way. */
export const byNumberAndId =
  <Row extends { id: string }>(read: (row: Row) => number, direction: "asc" | "desc") =>
  (a: Row, b: Row): number => {
    const sign = direction === "asc" ? 1 : -1;
    return sign * (read(a) - read(b) || (a.id < b.id ? -1 : 1));
  };
