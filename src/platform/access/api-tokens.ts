/**
 * API tokens: for programs, made by people in one makerspace. `mck_`, 43 characters of base62 (256 random bits) and six of checksum, so that
 * scanners of leaked secrets find them and can tell a real one without asking. The directory knows a token by its SHA-256 alone.
 */

import { eq, inArray, sql } from "drizzle-orm";
import { directory } from "../db/driver.ts";
import { type DirectoryBuilder, readDirectory } from "../db/ready.ts";
import { rememberShard } from "../db/shards.ts";
import type { SpaceStore } from "../db/store.ts";
import { apiTokenIndex, makerspaces } from "../db/tables.ts";
import { sha256 } from "../ids.ts";
import type { BatchRead, Membership } from "./membership.ts";
import { allPermissions, type MemberRole, type Permission } from "./permissions.ts";
import type { ApiTokenPrincipal } from "./principal.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX = "mck_";
const SECRET_LENGTH = 43;
const CHECK_LENGTH = 6;
const SHAPE = /^mck_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

function base62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= 62n) text = ALPHABET.charAt(Number(rest % 62n)) + text;
  return text;
}

/** CRC-32 (IEEE), as GitHub's tokens carry it. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const checksum = (secret: string): string => base62(BigInt(crc32(secret)), CHECK_LENGTH);

/** A new token. It is shown once; only its SHA-256 is kept. */
export function newApiToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const secret = base62(value, SECRET_LENGTH);
  return PREFIX + secret + checksum(secret);
}

/** True for anything that claims to be an API token. */
export const claimsApiToken = (token: string): boolean => token.startsWith(PREFIX);

/** True when shape and checksum are right: the others are not worth a look-up. */
export function isApiToken(token: string): boolean {
  const [, secret, check] = SHAPE.exec(token) ?? [];
  return secret !== undefined && check === checksum(secret);
}

/**
 * What a token may never carry: with it, a leaked token could make others, or secret addresses, that outlive it, have all that is held on people, or do what nobody
 * can undo.
 */
const neverInTokens: readonly Permission[] = [
  "tokens.manage",
  "calendar_feeds.manage",
  "service_accounts.manage",
  "members.export",
  "members.erase",
];

/** The permissions that a token or a service account can have. */
export const tokenPermissions = allPermissions.filter((name) => !neverInTokens.includes(name)) as [
  Permission,
  ...Permission[],
];

/** A program's own standing in a makerspace; it outlives whoever made it. */
export interface ServiceAccountGrant {
  id: string;
  name: string;
  /** Either a role … */
  role: MemberRole | null;
  /** … or single permissions, each of scope `any`. */
  permissions: Permission[];
  /** Epoch milliseconds; null while it works. */
  disabled_at: number | null;
}

/** What a token stands for, as its makerspace's database says. */
export interface ApiTokenGrant {
  id: string;
  name: string;
  permissions: Permission[];
  /** Epoch milliseconds. */
  expires_at: number;
  revoked_at: number | null;
  last_used_at: number | null;
  /** Null for a token of a member. */
  account: ServiceAccountGrant | null;
}

/** How the platform reads a token; both reads go with the authorisation batch and take `token_id`. */
export interface ApiTokenSource {
  grant: BatchRead<ApiTokenGrant | null>;
  /** The member who made it and whom it acts as; null for service accounts. */
  membership: BatchRead<Membership | null>;
  /** Notes that it was used. */
  used(store: SpaceStore, token_id: string, now: number): Promise<void>;
}

const byDigest: DirectoryBuilder<"digest"> = (db, { digest }) =>
  db
    .select({
      token_id: apiTokenIndex.token_id,
      makerspace_id: apiTokenIndex.makerspace_id,
      expires_at: apiTokenIndex.expires_at,
      shard: makerspaces.shard,
    })
    .from(apiTokenIndex)
    .innerJoin(makerspaces, eq(makerspaces.id, apiTokenIndex.makerspace_id))
    .where(eq(apiTokenIndex.digest, digest));

/** The token behind a secret, in one trip, with the shard of its makerspace; null when there is none, or not any more. */
export async function findApiToken(token: string, now: number): Promise<ApiTokenPrincipal | null> {
  if (!isApiToken(token)) return null;
  const rows = await readDirectory(byDigest, { digest: await sha256(token) });
  const [found] = rows as { token_id: string; makerspace_id: string; expires_at: number; shard: string }[];
  if (!found || found.expires_at <= now) return null;
  const { token_id, makerspace_id, expires_at } = found;
  rememberShard(makerspace_id, found.shard);
  return { kind: "api_token", token_id, makerspace_id, expires_at };
}

/** Makes a token findable. */
export async function indexApiToken(digest: string, principal: Omit<ApiTokenPrincipal, "kind">): Promise<void> {
  const { token_id, makerspace_id, expires_at } = principal;
  await directory().insert(apiTokenIndex).values({ digest, token_id, makerspace_id, expires_at });
}

/** Takes a token out of the index; its row in the makerspace already says that it is revoked. */
export async function forgetApiTokens(token_ids: readonly string[]): Promise<void> {
  await directory()
    .delete(apiTokenIndex)
    .where(inArray(apiTokenIndex.token_id, sql`(SELECT value FROM json_each(${JSON.stringify(token_ids)}))`));
}
