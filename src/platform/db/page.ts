/** Keyset pages: rows read grow with the page, never with the table. */

import { problem } from "../problem.ts";
import type { Count } from "./count.ts";

/** Where the next page starts: the sort key and id of the last row, bound to the list it came from. */
export interface Cursor {
  value: number | string;
  id: string;
}

/** A page on the wire. */
export interface Page<T> {
  data: T[];
  next_cursor: string | null;
  /** With `count=true`. */
  count?: Count;
}

/** A short fingerprint of filter and sort (FNV-1a): a cursor of another list is refused. It guards against mistakes, not attacks. */
function listMark(list: unknown): string {
  let hash = 0x811c9dc5;
  for (const char of JSON.stringify(list)) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(36);
}

const toBase64 = (text: string): string => btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/**
 * Cuts one row more than `limit` into a page.
 * @param rows up to `limit + 1` rows in list order
 * @param list filter and sort of the list, as given by the client
 */
export function toPage<Row, T>(
  rows: readonly Row[],
  limit: number,
  list: unknown,
  key: (row: Row) => Cursor,
  view: (row: Row) => T,
): Page<T> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { data: page.map(view), next_cursor: more ? cursorAfter(list, key(last)) : null };
}

/** The cursor of what follows a place in a list. */
export const cursorAfter = (list: unknown, { value, id }: Cursor): string =>
  toBase64(JSON.stringify([listMark(list), value, id]));

/**
 * Reads a cursor back.
 * @throws invalid_cursor when it was not made by this list.
 */
export function readCursor(text: string | undefined, list: unknown): Cursor | null {
  if (text === undefined) return null;
  try {
    const parsed = JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/"))) as unknown;
    if (!Array.isArray(parsed) || parsed.length !== 3) throw new Error("shape");
    const [mark, value, id] = parsed as unknown[];
    if (mark !== listMark(list) || typeof id !== "string") throw new Error("other list");
    if (typeof value !== "number" && typeof value !== "string") throw new Error("value");
    return { value, id };
  } catch {
    throw problem("invalid_cursor");
  }
}

/**
 * A page of a list in the order of ids, which sort by time of birth.
 * @param list what tells this list from others, filters included
 * @param read at most `limit` rows behind the id `after`, in list order
 * @throws invalid_cursor
 */
export async function pageById<Row extends { id: string }, T>(
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  list: unknown,
  read: (after: string | null, limit: number) => PromiseLike<readonly Row[]>,
  view: (row: Row) => T,
): Promise<Page<T>> {
  const after = readCursor(cursor, list);
  const rows = await read(after?.id ?? null, limit + 1);
  return toPage(rows, limit, list, ({ id }) => ({ value: id, id }), view);
}
