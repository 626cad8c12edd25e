/** The sealer: appends what is not in the chain yet. Two at once collide in the chain's keys, and nothing is out of place. */

import type { SpaceStore } from "../db/store.ts";
import { describeError, log } from "../log.ts";
import { detailsOf, digestOf, type EntryRow, GENESIS, hashOf, type Link } from "./chain.ts";

/** Entries per trip. */
const STEP = 500;
/** Trips per message: more entries than these wait for the next minute. */
const MAX_STEPS = 40;

const HEAD = "SELECT seq, hash FROM audit_chain WHERE makerspace_id = ?1 ORDER BY seq DESC LIMIT 1";
const UNSEALED = `SELECT entry.*, salt, before, after FROM audit_log entry
  LEFT JOIN audit_details USING (makerspace_id, seq)
  WHERE entry.makerspace_id = ?1
    AND entry.seq > coalesce((SELECT max(seq) FROM audit_chain WHERE makerspace_id = ?1), 0)
  ORDER BY entry.seq LIMIT ?2`;
const APPEND = `INSERT INTO audit_chain (makerspace_id, seq, digest, prev_hash, hash, sealed_at)
  SELECT ?1, value ->> 'seq', value ->> 'digest', value ->> 'prev_hash', value ->> 'hash', ?3
  FROM json_each(?2) ORDER BY key`;
/** The mark goes when nothing is left; an entry that came meanwhile keeps it. */
const SETTLE = `DELETE FROM audit_unsealed WHERE makerspace_id = ?1 AND NOT EXISTS (
  SELECT 1 FROM audit_log WHERE makerspace_id = ?1
    AND seq > (SELECT coalesce(max(seq), 0) FROM audit_chain WHERE makerspace_id = ?1))`;

/** The links of the entries that follow `head` without a gap. */
async function linksAfter(head: Pick<Link, "seq" | "hash">, entries: readonly EntryRow[]): Promise<Link[]> {
  const digests = await Promise.all(entries.map((entry) => digestOf(detailsOf(entry))));
  const links: Link[] = [];
  let { seq, hash: prev_hash } = head;
  for (const [index, entry] of entries.entries()) {
    if (entry.seq !== seq + 1) break;
    const digest = digests[index] ?? "";
    const hash = await hashOf(prev_hash, entry, digest);
    links.push({ seq: entry.seq, digest, prev_hash, hash });
    seq = entry.seq;
    prev_hash = hash;
  }
  return links;
}

/** One trip to read, one to write. Answers how many entries it sealed, and whether there may be more. */
async function sealStep({ d1, makerspace_id }: SpaceStore, now: number): Promise<{ sealed: number; more: boolean }> {
  const [heads, unsealed] = (await d1.batch([
    d1.prepare(HEAD).bind(makerspace_id),
    d1.prepare(UNSEALED).bind(makerspace_id, STEP),
  ])) as [D1Result<Link>, D1Result<EntryRow>];
  const entries = unsealed.results;
  const links = await linksAfter(heads.results[0] ?? { seq: 0, hash: GENESIS }, entries);
  if (links.length < entries.length) {
    // Verification names it; what lies behind cannot be sealed any more.
    log.error("audit_gap", { makerspace_id, seq: entries[links.length]?.seq ?? null });
  }
  const append = d1.prepare(APPEND).bind(makerspace_id, JSON.stringify(links), now);
  const settle = d1.prepare(SETTLE).bind(makerspace_id);
  await d1.batch(links.length > 0 ? [append, settle] : [settle]);
  return { sealed: links.length, more: entries.length === STEP && links.length === STEP };
}

/** Seals what is not sealed yet; repeating it changes nothing. Returns how many entries it sealed. */
export async function sealAudit(store: SpaceStore, now: number): Promise<number> {
  let total = 0;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    try {
      const { sealed, more } = await sealStep(store, now);
      total += sealed;
      if (!more) break;
    } catch (error) {
      // Another sealer was faster: look again at what is left.
      if (!describeError(error).includes("audit_chain")) throw error;
    }
  }
  return total;
}
