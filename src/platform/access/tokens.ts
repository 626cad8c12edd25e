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
import { TOKEN_LIVES_AT_MOST } from "./denylist.ts";
import { devIssuer, devIssuerJwks } from "./dev-issuer.ts";
import type { UserPrincipal } from "./principal.ts";

/** Clocks of issuers may differ from ours by this many seconds. */
export const CLOCK_TOLERANCE_S = 5;
/** Keys are fetched again after this, so a withdrawn one counts for eleven minutes at most; an unknown kid asks earlier, once per cooldown. */
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
  preferred_username: z.string().max(254).optional(),
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
export const orUnavailable =
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

const SERVICE_ACCOUNT = "service-account-";

/**
 * The subject: as the issuer says, and for the service account of a client on the list its readable name, which is known before it first
 * comes. A person cannot pose as one: such a client signs nobody in, and `sub` is the issuer's own.
 */
function subjectOf(claims: z.output<typeof Claims>, client: string, issuer: IssuerConfig): string {
  const name = SERVICE_ACCOUNT + client;
  if (issuer.service_accounts?.includes(client) && claims.preferred_username === name) return name;
  if (claims.sub.startsWith(SERVICE_ACCOUNT)) throw new Error("poses as a service account");
  return claims.sub;
}

function toPrincipal(payload: JWTPayload, issuer: IssuerConfig): UserPrincipal {
  const claims = Claims.parse(payload);
  const client = claims.azp ?? claims.client_id;
  if (client === undefined || !issuer.azp.includes(client)) throw new Error("client is not on the list");
  if (claims.typ !== undefined && claims.typ !== "Bearer") throw new Error("not an access token");
  if ((claims.exp - claims.iat) * 1_000 > TOKEN_LIVES_AT_MOST) throw new Error("lives too long");
  const subject = subjectOf(claims, client, issuer);
  const named = (name: string | undefined): string | null => (name === undefined ? null : issuer.subject_prefix + name);
  return {
    kind: "user",
    user_id: issuer.subject_prefix + subject,
    issuer: claims.iss,
    subject,
    email: claims.email_verified === true && claims.email !== undefined ? claims.email.toLowerCase() : null,
    name: claims.name ?? null,
    super_admin: issuer.super_admin && (claims.realm_access?.roles.includes("super_admin") ?? false),
    // With the prefix, so that no issuer signs out the people of another.
    jti: named(claims.jti),
    sid: named(claims.sid),
    issued_at: claims.iat * 1_000,
    expires_at: claims.exp * 1_000,
  };
}

/** A signature is checked once a minute per token, the denylist with each request. */
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
export const isForeign = (user_id: string, own: string, prefixes: readonly string[]): boolean =>
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

/** Whose tokens this worker takes: the issuers of its configuration, and the development issuer where it is on. */
export const trustedIssuers: readonly TrustedIssuer[] = [
  ...config.OIDC_ISSUERS.map(remoteIssuer),
  ...(config.DEV_ISSUER === "on" ? [{ issuer: devIssuer, keys: devKeys() }] : []),
];

/** The verifier of this worker. */
export const verifyAccessToken: TokenVerifier = makeVerifier(trustedIssuers);
