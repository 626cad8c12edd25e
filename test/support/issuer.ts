/** Tokens that no honest issuer would sign, and issuers of our own. */

import { env } from "cloudflare:workers";
import {
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from "jose";
import { devIssuer } from "../../src/platform/access/dev-issuer.ts";
import type { IssuerConfig } from "../../src/platform/env.ts";
import { Api } from "./api.ts";

/** Seconds since the epoch, as tokens count. */
export const nowInSeconds = (): number => Math.floor(Date.now() / 1_000);

/** The claims of a good token of the development issuer. */
export const goodClaims = (): JWTPayload => ({
  iss: devIssuer.issuer,
  aud: devIssuer.audience,
  azp: devIssuer.azp[0],
  sub: "somebody",
  typ: "Bearer",
  iat: nowInSeconds(),
  exp: nowInSeconds() + 300,
});

/** Signs claims as they are, with any key. */
export async function sign(
  claims: JWTPayload,
  header: JWTHeaderParameters,
  key: CryptoKey | Uint8Array,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

export interface SigningKey {
  kid: string;
  alg: string;
  private_key: CryptoKey | Uint8Array;
  public_jwk: JWK;
}

/** The key that the development issuer signs with now. */
export async function devSigningKey(): Promise<SigningKey> {
  // The issuer makes its keys when it is first asked for them.
  await new Api().get("/api/v1/dev/jwks.json");
  const row = await env.DIRECTORY.prepare(
    "SELECT kid, private_jwk, public_jwk FROM dev_issuer_keys WHERE signs_from <= ? ORDER BY signs_from DESC LIMIT 1",
  )
    .bind(Date.now())
    .first<{ kid: string; private_jwk: string; public_jwk: string }>();
  if (!row) throw new Error("the development issuer has no key");
  const private_key = await importJWK(JSON.parse(row.private_jwk) as JWK, "ES256");
  return { kid: row.kid, alg: "ES256", private_key, public_jwk: JSON.parse(row.public_jwk) as JWK };
}

/** A new key pair. */
export async function newSigningKey(alg = "ES256", kid: string = crypto.randomUUID()): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, private_key: privateKey, public_jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** An issuer that is not ours, with the keys it publishes. */
export class ForeignIssuer {
  /** How often its keys were fetched. */
  fetched = 0;
  isDown = false;
  readonly keys: SigningKey[] = [];
  readonly config: IssuerConfig;

  constructor(name: string, more: Partial<IssuerConfig> = {}) {
    this.config = {
      issuer: `https://${name}.example`,
      audience: `api-of-${name}`,
      azp: [`app-of-${name}`],
      algorithms: ["ES256", "RS256"],
      jwks_uri: `https://${name}.example/jwks.json`,
      subject_prefix: `${name}|`,
      super_admin: true,
      ...more,
    };
  }

  /** What its JWKS route answers. */
  answer(): Response {
    this.fetched += 1;
    if (this.isDown) return new Response("away", { status: 503 });
    return Response.json({ keys: this.keys.map((key) => key.public_jwk) });
  }

  token(key: SigningKey, claims: JWTPayload = {}): Promise<string> {
    const { issuer: iss, audience: aud, azp } = this.config;
    const all = { ...goodClaims(), iss, aud, azp: azp[0], ...claims };
    return sign(all, { alg: key.alg, kid: key.kid }, key.private_key);
  }
}

/** A token of the development issuer, signed by its own key, with these claims changed (undefined: left out). */
export async function devToken(changes: Record<string, unknown> = {}): Promise<string> {
  const { kid, private_key } = await devSigningKey();
  const claims = Object.entries({ ...goodClaims(), ...changes }).filter(([, value]) => value !== undefined);
  return sign(Object.fromEntries(claims), { alg: "ES256", kid }, private_key);
}

/** The claims of a good logout token of the development issuer, for a sign-in and a person. */
export const logoutClaims = () => ({
  iss: devIssuer.issuer,
  aud: devIssuer.azp,
  iat: nowInSeconds(),
  exp: nowInSeconds() + 120,
  jti: crypto.randomUUID(),
  events: { "http://schemas.openid.net/event/backchannel-logout": {} },
});

/** A logout token of the development issuer with these claims (undefined: left out) and this `typ`. */
export async function logoutToken(changes: Record<string, unknown> = {}, typ: string | undefined = "logout+jwt") {
  const { kid, private_key } = await devSigningKey();
  const claims = Object.entries({ ...logoutClaims(), ...changes }).filter(([, value]) => value !== undefined);
  return sign(Object.fromEntries(claims), { alg: "ES256", kid, ...(typ !== undefined && { typ }) }, private_key);
}
