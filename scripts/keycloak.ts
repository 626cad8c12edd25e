/** `npm run keycloak`: Keycloak with the realm of this repository on 127.0.0.1:8180 (KEYCLOAK_PORT), without Docker, until Ctrl-C. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchKeycloak, issuerConfig, startKeycloak, whatIsMissing } from "./lib/keycloak.ts";

const missing = whatIsMissing();
if (missing) throw new Error(`Keycloak cannot run: ${missing}. compose.yaml runs it with Docker.`);
fetchKeycloak();
const folder = mkdtempSync(join(tmpdir(), "makrcave-keycloak-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const secret = (): string => randomBytes(18).toString("base64url");
const service_secret = process.env.MAKRCAVE_SERVICE_SECRET ?? secret();
const admin_password = process.env.KEYCLOAK_ADMIN_PASSWORD ?? secret();
const keycloak = await startKeycloak({
  port: Number(process.env.KEYCLOAK_PORT ?? 8180),
  folder,
  url: process.env.MAKRCAVE_WEB_URL ?? "http://127.0.0.1:8787",
  service_secret,
  admin_password,
});
console.log(`Keycloak is at ${keycloak.url} (admin, ${admin_password}); it forgets everything when it ends. Ctrl-C ends it.
The secret of makrcave-service is ${service_secret}
Start MakrCave with it in another terminal:
OIDC_ISSUERS='${JSON.stringify([{ ...issuerConfig(keycloak.issuer), subject_prefix: "kc:" }])}' npm start`);
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => void keycloak.stop());
await keycloak.exited;
process.exit(0);
