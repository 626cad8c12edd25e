/** Parts of a file, and whether it has changed (RFC 9110, sections 13 and 14). Pure. */

import type { ByteRange } from "./storage/port.ts";

/** What a request says beside which file it wants; null where it says nothing. */
export interface FileAsk {
  range: string | null;
  if_range: string | null;
  if_none_match: string | null;
}

/** Says nothing beside which file is wanted. */
export const wholeFile: FileAsk = { range: null, if_range: null, if_none_match: null };

const opaque = (tag: string): string => tag.trim().replace(/^W\//, "");

/** True when the reader has this version already; weak comparison, as for every GET. */
export const isUnchanged = ({ if_none_match }: FileAsk, etag: string): boolean =>
  if_none_match !== null &&
  (if_none_match.trim() === "*" || if_none_match.split(",").some((tag) => opaque(tag) === opaque(etag)));

/**
 * Which part of `size` bytes is wanted: null for all of them, "unsatisfiable" for a part that is not there, and for several at once, which
 * nobody needs and which make one answer as dear as many. A unit that is not bytes, a header that nobody understands, and a part of another
 * version than the one at hand are passed over, as the standard has it.
 */
export function wantedRange(
  { range, if_range }: FileAsk,
  size: number,
  etag: string | null,
): ByteRange | "unsatisfiable" | null {
  if (range === null || (if_range !== null && if_range.trim() !== etag)) return null;
  const specs = /^bytes=(.+)$/i.exec(range.trim())?.[1];
  if (specs === undefined) return null;
  if (specs.includes(",")) return "unsatisfiable";
  const [, first = "", last = ""] = /^\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/.exec(specs) ?? [];
  if (first === "" && last === "") return null;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { offset: size - length, length };
  }
  const offset = Number(first);
  const end = last === "" ? size - 1 : Number(last);
  if (end < offset && last !== "") return null;
  if (offset >= size) return "unsatisfiable";
  return { offset, length: Math.min(end, size - 1) - offset + 1 };
}
