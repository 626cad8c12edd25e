/** Is the audit what it was? Looks at a stretch of the chain and names the first link that is broken. */

import type { SpaceStore } from "../db/store.ts";
import { MINUTE } from "../time.ts";
import { type Anchor, readAnchors } from "./anchors.ts";
import { detailsOf, digestOf, type EntryRow, GENESIS, hashOf, type Link } from "./chain.ts";

/** An entry that is not sealed by then says that the sealer stands still, or was kept from it. */
export const SEALED_WITHIN = 5 * MINUTE;

/** What may be wrong, and what it means. */
export const breaks = {
  row_changed: "The entry is not what was sealed.",
  row_missing: "The entry is gone.",
  details_changed: "The details of the entry are not what was sealed.",
  details_missing: "The details of the entry are gone, and no erasure accounts for it.",
  chain_cut: "The link is gone, or does not follow the one before it.",
  unsealed: "The entry has waited for its seal for more than five minutes.",
  head_differs: "The chain is not the one whose head was put aside on that day.",
} as const;
export type BreakKind = keyof typeof breaks;

export interface Finding {
  kind: BreakKind;
  /** The entry. */
  seq: number;
}

export interface Verification {
  /** How many links were looked at; and of these, how many whose details were erased. */
  checked: number;
  erased: number;
  /** The chain's newest link: 0 when there is none. */
  sealed_through: number;
  head_hash: string | null;
  unsealed: { entries: number; since: number | null };
  /** The newest head in the bucket. */
  anchor: Anchor | null;
  broken: Finding | null;
  /** Where to go on; null at the end, and where something is broken. */
  next_from_seq: number | null;
}

/** A link beside its entry (nulls when that is gone), and whether an erasure accounts for missing details. */
type LinkRow = Link & EntryRow & { entry_seq: number | null; is_erased: 0 | 1 };

const PAGE = `SELECT entry.*, salt, before, after, entry.seq AS entry_seq,
    EXISTS (SELECT 1 FROM audit_erasures erasure JOIN audit_log cause
      ON cause.makerspace_id = erasure.makerspace_id AND cause.seq = erasure.by_seq AND cause.action LIKE '%.erased'
      WHERE erasure.makerspace_id = link.makerspace_id AND erasure.seq = link.seq) AS is_erased,
    link.seq, digest, prev_hash, hash
  FROM audit_chain link
  LEFT JOIN audit_log entry ON entry.makerspace_id = link.makerspace_id AND entry.seq = link.seq
  LEFT JOIN audit_details details ON details.makerspace_id = link.makerspace_id AND details.seq = link.seq
  WHERE link.makerspace_id = ?1 AND link.seq >= ?2 ORDER BY link.seq LIMIT ?3`;
const BEFORE = "SELECT hash FROM audit_chain WHERE makerspace_id = ?1 AND seq = ?2 - 1";
const HEAD = "SELECT seq, hash FROM audit_chain WHERE makerspace_id = ?1 ORDER BY seq DESC LIMIT 1";
const FIRST_UNSEALED = `SELECT seq, recorded_at FROM audit_log WHERE makerspace_id = ?1
  AND seq > coalesce((SELECT max(seq) FROM audit_chain WHERE makerspace_id = ?1), 0) ORDER BY seq LIMIT 1`;
const NEWEST = "SELECT max(seq) AS seq FROM audit_log WHERE makerspace_id = ?1";

/** What is wrong with a link by itself. */
async function inspect(row: LinkRow): Promise<BreakKind | null> {
  if (row.entry_seq === null) return "row_missing";
  if ((await hashOf(row.prev_hash, row, row.digest)) !== row.hash) return "row_changed";
  const details = detailsOf(row);
  if ((await digestOf(details)) === row.digest) return null;
  if (details) return "details_changed";
  return row.is_erased ? null : "details_missing";
}

/** What is broken in a stretch of links that begins at `from`. Behind a break it goes on from the link that is stored there. */
async function breaksIn(rows: readonly LinkRow[], from: number, before: string | null): Promise<Finding[]> {
  const found: Finding[] = before === null ? [{ kind: "chain_cut", seq: from - 1 }] : [];
  const kinds = await Promise.all(rows.map(inspect));
  let expected = before === null ? rows[0]?.seq : from;
  let prev_hash = before ?? rows[0]?.prev_hash;
  for (const [index, { seq, prev_hash: follows, hash }] of rows.entries()) {
    if (expected !== undefined && (seq !== expected || follows !== prev_hash))
      found.push({ kind: "chain_cut", seq: expected });
    const kind = kinds[index];
    if (kind && found.at(-1)?.seq !== seq) found.push({ kind, seq });
    expected = seq + 1;
    prev_hash = hash;
  }
  return found;
}

/** Behind the chain's end: entries that wait, and whether they wait too long. */
function breakBehind(
  head: number,
  first: { seq: number; recorded_at: number } | undefined,
  now: number,
): Finding | null {
  if (!first) return null;
  if (first.seq !== head + 1) return { kind: "row_missing", seq: head + 1 };
  return first.recorded_at < now - SEALED_WITHIN ? { kind: "unsealed", seq: first.seq } : null;
}

/** A head in the bucket that this stretch of the chain contradicts. */
function breakOfAnchors(
  anchors: readonly Anchor[],
  rows: readonly LinkRow[],
  head: number,
  isEnd: boolean,
): Finding | null {
  const hashes = new Map(rows.map((row) => [row.seq, row.hash]));
  for (const { seq, hash } of anchors) {
    const found = hashes.get(seq);
    const isWrong = found === undefined ? isEnd && seq > head : found !== hash;
    if (isWrong) return { kind: "head_differs", seq };
  }
  return null;
}

/** Which links to look at: up to `limit` from entry `from` on. */
interface Stretch {
  from: number;
  limit: number;
  now: number;
}

/** The verdict on a stretch, and what is broken anywhere in it. */
export interface StretchFound {
  verification: Verification;
  /** In order. */
  breaks: Finding[];
  /** The last link that was looked at. */
  through: number;
  is_end: boolean;
}

/** Looks at a stretch, up to its first break. */
export const verifyAudit = async (store: SpaceStore, stretch: Stretch): Promise<Verification> =>
  (await verifyStretch(store, stretch)).verification;

/**
 * Looks at the whole of a stretch, in one trip to the database and one to the bucket. The stretch that reaches the end also looks at what is
 * not sealed yet.
 */
export async function verifyStretch(
  { d1, makerspace_id }: SpaceStore,
  { from, limit, now }: Stretch,
): Promise<StretchFound> {
  const [[page, before, heads, unsealed, newest], anchors] = await Promise.all([
    d1.batch([
      d1.prepare(PAGE).bind(makerspace_id, from, limit),
      d1.prepare(BEFORE).bind(makerspace_id, from),
      d1.prepare(HEAD).bind(makerspace_id),
      d1.prepare(FIRST_UNSEALED).bind(makerspace_id),
      d1.prepare(NEWEST).bind(makerspace_id),
    ]) as Promise<unknown> as Promise<
      [
        D1Result<LinkRow>,
        D1Result<{ hash: string }>,
        D1Result<Link>,
        D1Result<{ seq: number; recorded_at: number }>,
        D1Result<{ seq: number | null }>,
      ]
    >,
    readAnchors(makerspace_id),
  ]);
  const rows = page.results;
  const head = heads.results[0] ?? null;
  const [sealed_through, waiting] = [head?.seq ?? 0, unsealed.results[0]];
  const isEnd = rows.length < limit || rows.at(-1)?.seq === sealed_through;
  // From past the end there is nothing to hold a predecessor against.
  const previous = from === 1 ? GENESIS : from > sealed_through ? GENESIS : (before.results[0]?.hash ?? null);
  const breaks = [
    ...(await breaksIn(rows, from, previous)),
    breakOfAnchors(anchors, rows, sealed_through, isEnd),
    isEnd ? breakBehind(sealed_through, waiting, now) : null,
  ].filter((finding) => finding !== null);
  const broken = breaks.sort((a, b) => a.seq - b.seq)[0] ?? null;
  const through = rows.at(-1)?.seq ?? from - 1;
  const verification = {
    checked: rows.length,
    erased: rows.filter((row) => row.salt === null && row.is_erased).length,
    sealed_through,
    head_hash: head?.hash ?? null,
    unsealed: {
      entries: Math.max(0, (newest.results[0]?.seq ?? 0) - sealed_through),
      since: waiting?.recorded_at ?? null,
    },
    anchor: anchors.at(-1) ?? null,
    broken,
    next_from_seq: isEnd || broken ? null : through + 1,
  };
  return { verification, breaks, through, is_end: isEnd };
}
