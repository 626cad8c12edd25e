/** OIDC access tokens, verified against the issuer's keys. Every issuer, the development one included, takes this path. */

import { z } from "@hono/zod-openapi";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import { config, type IssuerConfig } from "../env.ts";
import { describeError, log } from "../log.ts";
import { Problem, problem } from "../problem.ts";
import { devIssuer, devIssuerJwks } from "./dev-issuer.ts";
import type { UserPrincipal } from "./principal.ts";

/** Clocks of issuers may differ from ours by this many seconds. */
const CLOCK_TOLERANCE_S = 5;
/** Keys are fetched again after this; an unknown kid asks earlier, at most once per cooldown. */
const JWKS_MAX_AGE_MS = 600_000;
const JWKS_COOLDOWN_MS = 30_000;

const Claims = z.object({
  iss: z.string(),
  sub: z.string().min(1).max(200),
  iat: z.number(),
  exp: z.number(),
  azp: z.string().optional(),
  client_id: z.string().optional(),
  jti: z.string().optional(),
  sid: z.string().optional(),
  /** Keycloak says what kind of token this is; ID and refresh tokens are refused. */
  typ: z.string().optional(),
  email: z.string().max(254).optional(),
  email_verified: z.boolean().optional(),
  name: z.string().max(200).optional(),
  realm_access: z.object({ roles: z.array(z.string()) }).optional(),
});

/** An issuer whose tokens we take, and where its keys come from. */
export interface TrustedIssuer {
  issuer: IssuerConfig;
  keys: JWTVerifyGetKey;
}

/** An issuer with its keys behind `jwks_uri`; jose caches them. */
export const remoteIssuer = (issuer: IssuerConfig): TrustedIssuer => ({
  issuer,
  keys: createRemoteJWKSet(new URL(issuer.jwks_uri), {
    cacheMaxAge: JWKS_MAX_AGE_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    timeoutDuration: 5_000,
  }),
});

/** The development issuer's keys lie in our own database; a kid we have not seen reads them again. */
const devKeys = (): JWTVerifyGetKey => {
  let cached: JWTVerifyGetKey | null = null;
  return async (header, token) => {
    const known = cached ?? createLocalJWKSet(await devIssuerJwks());
    cached = known;
    try {
      return await known(header, token);
    } catch {
      cached = createLocalJWKSet(await devIssuerJwks());
      return cached(header, token);
    }
  };
};

/** Keys that cannot be fetched are our trouble, not the token's: 503 instead of 401. */
const orUnavailable =
  (keys: JWTVerifyGetKey): JWTVerifyGetKey =>
  async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported } = errors;
      if ([JWKSNoMatchingKey, JWKSMultipleMatchingKeys, JOSENotSupported].some((kind) => error instanceof kind)) {
        throw error;
      }
      log.error("issuer_keys_unavailable", { error: describeError(error) });
      throw problem("unavailable", { retry_after: 5 });
    }
  };

function toPrincipal(payload: JWTPayload, issuer: IssuerConfig): UserPrincipal {
  const claims = Claims.parse(payload);
  const client = claims.azp ?? claims.client_id;
  if (client === undefined || !issuer.azp.includes(client)) throw new Error("client is not on the list");
  if (claims.typ !== undefined && claims.typ !== "Bearer") throw new Error("not an access token");
  return {
    kind: "user",
    user_id: `${issuer.subject_prefix}${claims.sub}`,
    issuer: claims.iss,
    subject: claims.sub,
    email: claims.email_verified === true && claims.email !== undefined ? claims.email.toLowerCase() : null,
    name: claims.name ?? null,
    super_admin: issuer.super_admin && (claims.realm_access?.roles.includes("super_admin") ?? false),
    jti: claims.jti ?? null,
    sid: claims.sid ?? null,
    issued_at: claims.iat * 1_000,
    expires_at: claims.exp * 1_000,
  };
}

/** A signature is checked once a minute, the denylist each time: a key that is withdrawn counts within a minute. */
const VERIFIED_FOR_MS = 60_000;
const MAX_VERIFIED = 5_000;

/**
 * Finds the person behind an access token. `now` is epoch milliseconds.
 * @throws unauthenticated when the token is malformed, expired, forged, or meant for somebody else; unavailable without the issuer's keys.
 */
export type TokenVerifier = (token: string, now: number) => Promise<UserPrincipal>;

async function verify(token: string, now: number, { issuer, keys }: TrustedIssuer): Promise<UserPrincipal> {
  const { payload } = await jwtVerify(token, orUnavailable(keys), {
    issuer: issuer.issuer,
    audience: issuer.audience,
    algorithms: issuer.algorithms,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ["exp", "iat", "sub"],
    currentDate: new Date(now),
  });
  return toPrincipal(payload, issuer);
}

/** True when this user id could be one of an issuer with a longer prefix: "corp:bob" of an issuer without prefix is nobody's. */
const isForeign = (user_id: string, own: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => prefix.length > own.length && user_id.startsWith(prefix));

/** Makes a verifier of the tokens of these issuers. */
export function makeVerifier(trusted: readonly TrustedIssuer[]): TokenVerifier {
  const byName = new Map(trusted.map((one) => [one.issuer.issuer, one]));
  const prefixes = trusted.map((one) => one.issuer.subject_prefix);
  const verified = new Map<string, { principal: UserPrincipal; until: number }>();
  return async (token, now) => {
    const known = verified.get(token);
    if (known && known.until > now) return known.principal;
    try {
      const issuer = byName.get(decodeJwt(token).iss ?? "");
      if (!issuer) throw new Error("unknown issuer");
      const principal = await verify(token, now, issuer);
      if (isForeign(principal.user_id, issuer.issuer.subject_prefix, prefixes))
        throw new Error("subject of another issuer");
      if (verified.size >= MAX_VERIFIED) verified.clear();
      const until = Math.min(now + VERIFIED_FOR_MS, principal.expires_at + CLOCK_TOLERANCE_S * 1_000);
      verified.set(token, { principal, until });
      return principal;
    } catch (error) {
      if (error instanceof Problem) throw error;
      log.info("token_refused", { reason: describeError(error) });
      throw problem("unauthenticated");
    }
  };
}

/** The verifier of this worker: the issuers of its configuration, and the development issuer where it is on. */
export const verifyAccessToken: TokenVerifier = makeVerifier([
  ...config.OIDC_ISSUERS.map(remoteIssuer),
  ...(config.DEV_ISSUER === "on" ? [{ issuer: devIssuer, keys: devKeys() }] : []),
]);
