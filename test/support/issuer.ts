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
