/** Sign-in with a real Keycloak: people, programs, keys that change, and a logout that reaches us by the back channel. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { issuerConfig, startKeycloak } from "../../scripts/lib/keycloak.ts";
import { freePort, startServer } from "../../scripts/lib/server.ts";
import { eventually, temporaryFolder } from "../node/support/system.ts";
import { Api } from "../support/http/client.ts";
import { LiveSocket } from "../support/http/live.ts";
import { administer, askForTokens, endSession, read, signInWithBrowser, type Tokens, withoutPkce } from "./support.ts";

const secret = (): string => randomBytes(18).toString("base64url");
const [service_secret, admin_password, password] = [secret(), secret(), secret()];

const user = (username: string, realmRoles: string[] = []) => ({
  username,
  enabled: true,
  email: `${username}@example.org`,
  emailVerified: true,
  firstName: username,
  lastName: "Test",
  credentials: [{ type: "password", value: password }],
  realmRoles,
});

interface Me {
  user_id: string;
  email: string | null;
  super_admin: boolean;
}

test("people and programs sign in with Keycloak, and are signed out by it", async (t) => {
  let endAll = async (): Promise<void> => undefined;
  t.after(() => endAll());
  const folder = temporaryFolder(t);
  const state = temporaryFolder(t);
  const [port, keycloakPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const issuer = `http://127.0.0.1:${keycloakPort}/realms/makrcave`;
  const begun = performance.now();
  const startingKeycloak = startKeycloak({
    port: keycloakPort,
    folder,
    url,
    service_secret,
    admin_password,
    change: (realm) => ({ ...realm, users: [user("root", ["super_admin"]), user("ada")] }),
  });
  const startingServer = startServer({
    port,
    persistTo: state,
    vars: {
      DEV_ISSUER: "off",
      MAIL: "binding",
      OIDC_ISSUERS: JSON.stringify([issuerConfig(issuer)]),
      RATE_LIMITS: "load",
    },
    timeoutMs: 120_000,
  });
  // Hooks run in the order in which they were made: both end before their folders go.
  const started = Promise.allSettled([startingKeycloak, startingServer]);
  endAll = async () => {
    for (const one of await started) if (one.status === "fulfilled") await one.value.stop();
  };
  await started;
  const [keycloak] = await Promise.all([startingKeycloak, startingServer]);
  const started_ms = Math.round(performance.now() - begun);
  const redirect_uri = `${url}/signed-in`;
  const signIn = (username: string): Promise<Tokens> => signInWithBrowser({ issuer, redirect_uri, username, password });
  const apiOf = ({ access_token }: Pick<Tokens, "access_token">): Api => new Api(url, access_token);

  const root = await signIn("root");
  const ada = await signIn("ada");
  await t.test("a person signs in with authorization code and PKCE", async () => {
    const me = await apiOf(ada).get<Me>("/api/v1/me");
    assert.deepEqual([me.email, me.super_admin], ["ada@example.org", false]);
    assert.equal(me.user_id, read(ada.access_token, "payload").sub);
    assert.equal((await apiOf(root).get<Me>("/api/v1/me")).super_admin, true);
    assert.equal(await withoutPkce(issuer, redirect_uri), "invalid_request");
  });

  const name = `kc-${randomBytes(4).toString("hex")}`;
  const input = { name, slug: name, timezone: "Europe/Berlin", currency: "EUR" };
  const { id } = await apiOf(root).post<{ id: string }>("/api/v1/makerspaces", input);
  const space = `/api/v1/makerspaces/${id}`;
  const machine = await apiOf(root).post<{ id: string }>(`${space}/equipment`, {
    code: "L1",
    name: "Laser",
    category: "laser_cutter",
  });

  await t.test("who was added by e-mail comes in with their verified address", async () => {
    const person = { email: "ada@example.org", first_name: "Ada", last_name: "Test", role: "user" };
    assert.equal((await apiOf(ada).send("GET", space)).status, 404);
    await apiOf(root).post(`${space}/members`, person);
    assert.equal((await apiOf(ada).send("GET", space)).status, 200);
  });

  await t.test("ID and refresh tokens are no access tokens", async () => {
    for (const token of [ada.id_token, ada.refresh_token]) {
      assert(token);
      assert.equal((await new Api(url, token).send("GET", "/api/v1/me")).status, 401);
    }
  });

  await t.test("a service account signs in by client credentials, under a name known beforehand", async () => {
    const form = { grant_type: "client_credentials", client_id: "makrcave-service", client_secret: service_secret };
    const program = apiOf((await (await askForTokens(issuer, form)).json()) as Tokens);
    const { user_id, super_admin } = await program.get<Me>("/api/v1/me");
    assert.deepEqual([user_id, super_admin], ["service-account-makrcave-service", false]);
    assert.equal((await program.send("GET", `${space}/equipment`)).status, 404);
    const member = { user_id, email: "program@example.org", first_name: "Program", last_name: "", role: "user" };
    await apiOf(root).post(`${space}/members`, member);
    assert.equal((await program.get<{ data: object[] }>(`${space}/equipment`)).data.length, 1);
    assert.equal((await askForTokens(issuer, { ...form, client_secret: "wrong" })).status, 401);
  });

  let rotation_ms = 0;
  const admin = await administer(keycloak.url, admin_password);
  await t.test("the realm's keys change, and everybody goes on", async () => {
    const { id: parentId } = (await (await admin("GET", "")).json()) as { id: string };
    const config = { priority: ["500"], enabled: ["true"], active: ["true"], algorithm: ["RS256"], keySize: ["2048"] };
    const provider = { name: "next", providerId: "rsa-generated", providerType: "org.keycloak.keys.KeyProvider" };
    await admin("POST", "/components", { ...provider, parentId, config });
    const next = await signIn("ada");
    assert.notEqual(read(next.access_token, "header").kid, read(ada.access_token, "header").kid);
    // An unknown key asks the issuer again, but not within half a minute of the last time.
    const isTaken = async (): Promise<boolean> => (await apiOf(next).send("GET", space)).status === 200;
    rotation_ms = Math.round(await eventually("the new key", isTaken, 40_000));
    assert.equal((await apiOf(ada).send("GET", space)).status, 200, "tokens of the old key go on");
  });

  await t.test(
    "a logout at Keycloak is told by the back channel: the token is refused, the socket closes",
    async () => {
      const [here, elsewhere] = [await signIn("ada"), await signIn("ada")];
      const socket = await LiveSocket.open(apiOf(here), `${space}/equipment/${machine.id}`);
      await socket.until("a snapshot", (each) => each.state !== null);
      const asked = performance.now();
      const status = await endSession(issuer, here, redirect_uri);
      assert([200, 302].includes(status), `the logout page answered ${status}`);
      const isOut = async (): Promise<boolean> => (await apiOf(here).send("GET", "/api/v1/me")).status === 401;
      await eventually("the end of the token", isOut, 30_000);
      const token_ms = Math.round(performance.now() - asked);
      await eventually("the socket's goodbye", () => !socket.isOpen, 30_000);
      const socket_ms = Math.round(performance.now() - asked);
      assert.equal((await apiOf(elsewhere).send("GET", "/api/v1/me")).status, 200, "another sign-in goes on");
      console.log(JSON.stringify({ name: "keycloak", started_ms, rotation_ms, token_ms, socket_ms }));
    },
  );
});
