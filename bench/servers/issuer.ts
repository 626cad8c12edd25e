/** An OIDC issuer for the bench: everybody who is measured checks the same ES256 tokens against the same keys. */
import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

const AUDIENCE = "makrcave-bench";
const CLIENT = "bench";

/** As `OIDC_ISSUERS` in wrangler.toml takes it. */
export interface IssuerConfig {
  issuer: string;
  audience: string;
  azp: string[];
  algorithms: ["ES256"];
  jwks_uri: string;
  subject_prefix: string;
  /** Whether its realm role of that name counts. */
  super_admin: boolean;
}

export interface Issuer {
  readonly config: IssuerConfig;
  /** An access token of an hour. */
  token(sub: string, realm_roles?: readonly string[]): Promise<string>;
  stop(): void;
}

export async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const about = { kid: "bench-1", alg: "ES256", use: "sig" };
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), ...about }] });
  const server = createServer((_request, response) => response.setHeader("content-type", "application/json").end(keys));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const issuer = `http://127.0.0.1:${port}/`;
  return {
    config: {
      issuer,
      audience: AUDIENCE,
      azp: [CLIENT],
      algorithms: ["ES256"],
      jwks_uri: `${issuer}jwks.json`,
      subject_prefix: "",
      super_admin: true,
    },
    token: (sub, realm_roles = []) =>
      new SignJWT({ azp: CLIENT, typ: "Bearer", realm_access: { roles: realm_roles } })
        .setProtectedHeader({ alg: "ES256", kid: about.kid, typ: "at+jwt" })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setSubject(sub)
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
    stop: () => server.close(),
  };
}
