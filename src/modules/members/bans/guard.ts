/** Who is banned, by keyed hashes. The refusal stands in the statement that lets somebody in, so that no ban comes a moment too late. */

import { sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { ownSecret } from "../../../platform/secrets.ts";

/** Somebody as a ban may know them. The address is in lower case, as members keep it. */
export interface Applicant {
  email: string;
  user_id?: string | null;
}

/** The makerspace's secret, once per request or job: it never changes. */
const peppers = new WeakMap<SpaceStore, Promise<string>>();

function pepperOf(store: SpaceStore, now: number): Promise<string> {
  const known = peppers.get(store);
  if (known !== undefined) return known;
  const opened = ownSecret(store, { place: "bans", name: "pepper" }, now);
  peppers.set(store, opened);
  opened.catch(() => peppers.delete(store));
  return opened;
}

async function keyed(pepper: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(pepper), algorithm, false, ["sign"]);
  const digest = await crypto.subtle.sign("HMAC", key, encoder.encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What a ban keeps of somebody. */
export async function digestsOf(
  store: SpaceStore,
  { email, user_id }: Applicant,
  now: number,
): Promise<{ email_digest: string; user_digest: string | null }> {
  const pepper = await pepperOf(store, now);
  return {
    email_digest: await keyed(pepper, `email ${email}`),
    user_digest: user_id ? await keyed(pepper, `user ${user_id}`) : null,
  };
}

/** Ends the batch with `banned` when this person is; part of every commit that lets somebody in, or invites them. */
export async function refuseBanned(store: SpaceStore, applicant: Applicant, now: number): Promise<Write> {
  const { email_digest, user_digest } = await digestsOf(store, applicant, now);
  const theirs = (column: string, digest: string) => sql`EXISTS (
    SELECT 1 FROM bans WHERE makerspace_id = ${store.makerspace_id} AND ${sql.raw(column)} = ${digest}
      AND (until IS NULL OR until > ${now}))`;
  const isBanned = user_digest
    ? sql`${theirs("email_digest", email_digest)} OR ${theirs("user_digest", user_digest)}`
    : theirs("email_digest", email_digest);
  return write(store.db.run(sql`SELECT json_extract('{}', iif(${isBanned}, 'expect:banned', '$'))`));
}
