/** The head of a chain, put out of the database's reach once a day. */

import type { SpaceStore } from "../db/store.ts";
import { listFiles, putFileOnce } from "../files.ts";
import { toIso } from "../time.ts";
import type { Link } from "./chain.ts";

const KIND = "audit_heads";

/** What the chain's head was on a day. */
export interface Anchor {
  /** "2026-11-22", UTC. */
  date: string;
  seq: number;
  hash: string;
}

/** Notes today's head, once: the first of a day stays. Returns false when there was nothing to note or it was noted before. */
export async function anchorHead({ d1, makerspace_id }: SpaceStore, now: number): Promise<boolean> {
  const head = await d1
    .prepare("SELECT seq, hash FROM audit_chain WHERE makerspace_id = ? ORDER BY seq DESC LIMIT 1")
    .bind(makerspace_id)
    .first<Pick<Link, "seq" | "hash">>();
  if (!head) return false;
  const at = toIso(now);
  const ref = { makerspace_id, kind: KIND, id: at.slice(0, 10) };
  const body = JSON.stringify({ makerspace_id, seq: head.seq, hash: head.hash, at });
  return putFileOnce(ref, body, {
    content_type: "application/json",
    notes: { seq: String(head.seq), hash: head.hash },
  });
}

/** Every head that was noted, oldest first. */
export async function readAnchors(makerspace_id: string): Promise<Anchor[]> {
  const files = await listFiles(makerspace_id, KIND);
  return files.map(({ id, notes }) => ({ date: id, seq: Number(notes.seq), hash: notes.hash ?? "" }));
}
