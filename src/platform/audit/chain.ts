/** What the chain says of an entry, byte for byte. Pure but for SHA-256; docs/adr/0008 describes it for whoever checks it elsewhere. */

import { sha256 } from "../ids.ts";

/** The facts of an entry, as they lie in audit_log. Times are epoch milliseconds. */
export interface EntryFacts {
  makerspace_id: string;
  seq: number;
  commit_id: string;
  occurred_at: number;
  recorded_at: number;
  actor_kind: string;
  actor_id: string;
  action: string;
  subject_type: string;
  subject_id: string;
  request_id: string;
}

/** Its details as they lie in audit_details: JSON texts. */
export interface EntryDetails {
  salt: string;
  before: string | null;
  after: string | null;
}

/** A link of the chain. */
export interface Link {
  seq: number;
  digest: string;
  prev_hash: string;
  hash: string;
}

/** What the first link follows. */
export const GENESIS = "0".repeat(64);

/** The digest that stands for details; of an entry without any it is that of an empty list. */
export const digestOf = (details: EntryDetails | null): Promise<string> =>
  sha256(JSON.stringify(details ? [details.salt, details.before, details.after] : []));

/** The hash of a link: over its predecessor's, the entry and the digest of the details. */
export const hashOf = (prev_hash: string, entry: EntryFacts, digest: string): Promise<string> =>
  sha256(
    JSON.stringify([
      prev_hash,
      entry.makerspace_id,
      entry.seq,
      entry.commit_id,
      entry.occurred_at,
      entry.recorded_at,
      entry.actor_kind,
      entry.actor_id,
      entry.action,
      entry.subject_type,
      entry.subject_id,
      entry.request_id,
      digest,
    ]),
  );

/** A row of audit_log beside its details, if it has any. */
export type EntryRow = EntryFacts & { salt: string | null; before: string | null; after: string | null };

/** The details of a row that was read together with them. */
export const detailsOf = ({ salt, before, after }: Omit<EntryRow, keyof EntryFacts>): EntryDetails | null =>
  salt === null ? null : { salt, before, after };
