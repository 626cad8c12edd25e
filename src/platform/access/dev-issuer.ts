/**
 * An OIDC issuer inside the worker, for development and tests only: own rotating keys, a JWKS route, the same verification path as any other.
 * src/platform/env.ts refuses to start when it is on in production.
 */

import { gt } from "drizzle-orm";
import { exportJWK, generateKeyPair, importJWK, type JSONWebKeySet, type JWK, SignJWT } from "jose";
import { directory } from "../db/driver.ts";
import { devIssuerKeys } from "../db/tables.ts";
import type { IssuerConfig } from "../env.ts";
import { newId } from "../ids.ts";
import { DAY, HOUR } from "../time.ts";

const ALGORITHM = "ES256";
/** A key signs for a day; its successor is published an hour ahead; it stays published while its tokens may live. */
const SIGNS_FOR = DAY;
const PUBLISHED_AHEAD = HOUR;
export const DEV_TOKEN_SECONDS = 8 * 3600;

/** The development issuer as any other is configured. */
export const devIssuer: IssuerConfig = {
  issuer: "https://issuer.makrcave.test/dev",
  audience: "makrcave",
  azp: ["makrcave-dev"],
  algorithms: [ALGORITHM],
  jwks_uri: "https://issuer.makrcave.test/dev/jwks.json",
  subject_prefix: "",
  super_admin: true,
};

interface DevKey {
  kid: string;
  private_jwk: JWK;
  public_jwk: JWK;
  signs_from: number;
  retires_at: number;
}

const readKeys = async (now: number): Promise<DevKey[]> => {
  const rows = await directory()
    .select()
    .from(devIssuerKeys)
    .where(gt(devIssuerKeys.retires_at, now))
    .orderBy(devIssuerKeys.signs_from);
  return rows.map((row) => ({ ...row, private_jwk: row.private_jwk as JWK, public_jwk: row.public_jwk as JWK }));
};

async function addKey(signs_from: number): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  // Named by its turn: of two requests that make the next key at once, one wins.
  const kid = `dev-${Math.floor(signs_from / SIGNS_FOR)}`;
  const about = { kid, alg: ALGORITHM, use: "sig" };
  await directory()
    .insert(devIssuerKeys)
    .values({
      kid,
      private_jwk: { ...(await exportJWK(privateKey)), ...about },
      public_jwk: { ...(await exportJWK(publicKey)), ...about },
      signs_from,
      retires_at: signs_from + SIGNS_FOR + DEV_TOKEN_SECONDS * 1_000 + PUBLISHED_AHEAD,
    })
    .onConflictDoNothing();
}

/** The keys in use, after making those that are missing. */
async function currentKeys(now: number): Promise<{ signing: DevKey; all: DevKey[] }> {
  for (;;) {
    const all = await readKeys(now);
    const turn = Math.floor(now / SIGNS_FOR) * SIGNS_FOR;
    const signing = all.filter((key) => key.signs_from <= now).at(-1);
    const next = all.find((key) => key.signs_from === turn + SIGNS_FOR);
    if (!signing || signing.signs_from + SIGNS_FOR <= now) await addKey(turn);
    else if (!next && now >= turn + SIGNS_FOR - PUBLISHED_AHEAD) await addKey(turn + SIGNS_FOR);
    else return { signing, all };
  }
}

/** The public keys, as the JWKS route shows them. */
export async function devIssuerJwks(): Promise<JSONWebKeySet> {
  const { all } = await currentKeys(Date.now());
  return { keys: all.map((key) => key.public_jwk) };
}

export interface DevTokenInput {
  sub: string;
  email?: string | undefined;
  name?: string | undefined;
  realm_roles?: string[] | undefined;
}

/** Signs an access token of eight hours for anybody: development only. */
export async function issueDevToken(input: DevTokenInput): Promise<string> {
  const { signing } = await currentKeys(Date.now());
  const claims = {
    azp: devIssuer.azp[0],
    typ: "Bearer",
    sid: newId(),
    ...(input.email && { email: input.email, email_verified: true }),
    ...(input.name && { name: input.name }),
    realm_access: { roles: input.realm_roles ?? [] },
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, kid: signing.kid, typ: "at+jwt" })
    .setIssuer(devIssuer.issuer)
    .setAudience(devIssuer.audience)
    .setSubject(input.sub)
    .setJti(newId())
    .setIssuedAt()
    .setExpirationTime(`${DEV_TOKEN_SECONDS}s`)
    .sign(await importJWK(signing.private_jwk, ALGORITHM));
}
