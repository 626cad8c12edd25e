/** Who is banned, by keyed hashes. The refusal stands in the statement that lets somebody in, so that no ban comes a moment too late. */

import { type SQL, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { ownSecret } from "../../../platform/secrets.ts";

/** Somebody as a ban may know them. The address is in lower case, as members keep it. */
export interface Applicant {
  email: string;
  user_id?: string | null;
}

/** The makerspace's secret, once per request or job: it never changes. */
const peppers = new WeakMap<SpaceStore, Promise<CryptoKey>>();

function pepperOf(store: SpaceStore, now: number): Promise<CryptoKey> {
  const known = peppers.get(store);
  if (known !== undefined) return known;
  const opened = openPepper(store, now);
  peppers.set(store, opened);
  opened.catch(() => peppers.delete(store));
  return opened;
}

async function openPepper(store: SpaceStore, now: number): Promise<CryptoKey> {
  const pepper = new TextEncoder().encode(await ownSecret(store, { place: "bans", name: "pepper" }, now));
  return crypto.subtle.importKey("raw", pepper, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

async function keyed(pepper: CryptoKey, text: string): Promise<string> {
  const digest = await crypto.subtle.sign("HMAC", pepper, new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What a ban keeps of somebody. */
interface Digests {
  email_digest: string;
  user_digest: string | null;
}

/** Somebody as a ban would keep them. */
export async function digestsOf(store: SpaceStore, { email, user_id }: Applicant, now: number): Promise<Digests> {
  const pepper = await pepperOf(store, now);
  return {
    email_digest: await keyed(pepper, `email ${email}`),
    user_digest: user_id ? await keyed(pepper, `user ${user_id}`) : null,
  };
}

/** The bans that stand against any of them, each looked up by its index. */
function bansOf({ makerspace_id }: SpaceStore, digests: readonly Digests[], now: number): SQL {
  const by = (column: keyof Digests) => sql`
    SELECT b.email_digest, b.user_digest FROM json_each(${JSON.stringify(digests.map((one) => one[column]))}) one
    CROSS JOIN bans b ON b.makerspace_id = ${makerspace_id} AND b.${sql.raw(column)} = one.value AND b.${sql.raw(column)} IS NOT NULL
      AND (b.until IS NULL OR b.until > ${now})`;
  return sql`${by("email_digest")} UNION ALL ${by("user_digest")}`;
}

const allDigests = (store: SpaceStore, applicants: readonly Applicant[], now: number): Promise<Digests[]> =>
  Promise.all(applicants.map((one) => digestsOf(store, one, now)));

/** Those against whom a ban stands. */
export async function bannedAmong<T extends Applicant>(
  store: SpaceStore,
  applicants: readonly T[],
  now: number,
): Promise<ReadonlySet<T>> {
  const digests = await allDigests(store, applicants, now);
  const found = await store.db.all<Digests>(bansOf(store, digests, now));
  const known = new Set(
    found.flatMap(({ email_digest, user_digest }) => [email_digest, ...(user_digest === null ? [] : [user_digest])]),
  );
  const isBanned = (one: Digests | undefined) =>
    one !== undefined && (known.has(one.email_digest) || (one.user_digest !== null && known.has(one.user_digest)));
  return new Set(applicants.filter((_, index) => isBanned(digests[index])));
}

/** Ends the batch with `banned` when one of these persons is; part of every commit that lets somebody in, or invites them. */
export async function refuseAnyBanned(
  store: SpaceStore,
  applicants: readonly Applicant[],
  now: number,
): Promise<Write> {
  const found = bansOf(store, await allDigests(store, applicants, now), now);
  return write(store.db.run(sql`SELECT json_extract('{}', iif(EXISTS (${found}), 'expect:banned', '$'))`));
}

/** The same for one person. */
export const refuseBanned = (store: SpaceStore, applicant: Applicant, now: number): Promise<Write> =>
  refuseAnyBanned(store, [applicant], now);
