/** Who is let in: tokens of any issuer, keys that rotate, tokens that were signed out. */

import { env } from "cloudflare:workers";
import { base64url } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { devIssuer } from "../../../src/platform/access/dev-issuer.ts";
import { makeVerifier, remoteIssuer } from "../../../src/platform/access/tokens.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/platform/time.ts";
import { Api } from "../../support/api.ts";
import {
  devSigningKey,
  devToken,
  ForeignIssuer,
  goodClaims,
  newSigningKey,
  nowInSeconds,
  sign,
} from "../../support/issuer.ts";
import { makeSpace, signIn, tokenFor } from "../../support/space.ts";
import type { Me } from "../../support/wire.ts";

const statusOf = async (token: string | null): Promise<number> =>
  (await new Api(token).send("GET", "/api/v1/me")).status;

describe("an access token", () => {
  it("is taken when all is well", async () => {
    expect(await statusOf(await devToken())).toBe(200);
    expect(await statusOf(await devToken({ aud: ["account", devIssuer.audience] }))).toBe(200);
    expect(await statusOf(await devToken({ exp: nowInSeconds() - 3 }))).toBe(200);
  });

  const wrong: [string, Record<string, unknown>][] = [
    ["was meant for another audience", { aud: "another" }],
    ["has no audience", { aud: undefined }],
    ["is of an issuer nobody knows", { iss: "https://elsewhere.example" }],
    ["was given to a client that is not on the list", { azp: "another-app" }],
    ["does not say which client has it", { azp: undefined }],
    ["has expired", { exp: nowInSeconds() - 60 }],
    ["never expires", { exp: undefined }],
    ["lives for longer than a day", { exp: nowInSeconds() + 25 * 3_600 }],
    ["poses as a service account", { sub: "service-account-makrcave-dev" }],
    ["does not say when it was issued", { iat: undefined }],
    ["is not valid yet", { nbf: nowInSeconds() + 600 }],
    ["is an ID token", { typ: "ID" }],
    ["is a refresh token", { typ: "Refresh" }],
    ["names nobody", { sub: undefined }],
    ["names nobody, politely", { sub: "" }],
  ];
  it.each(wrong)("is refused when it %s", async (_why, changes) => {
    expect(await statusOf(await devToken(changes))).toBe(401);
  });

  it("is refused when its signature is not of the issuer", async () => {
    const good = await devToken();
    const [header, , signature] = good.split(".");
    const forged = base64url.encode(JSON.stringify({ ...goodClaims(), realm_access: { roles: ["super_admin"] } }));
    expect(await statusOf(`${header}.${forged}.${signature}`)).toBe(401);
    const { kid } = await devSigningKey();
    const stranger = await newSigningKey("ES256", kid);
    expect(await statusOf(await sign(goodClaims(), { alg: "ES256", kid }, stranger.private_key))).toBe(401);
    const unknown = await newSigningKey();
    expect(await statusOf(await sign(goodClaims(), { alg: "ES256", kid: unknown.kid }, unknown.private_key))).toBe(401);
  });

  it("is refused when it chooses its own algorithm", async () => {
    const { kid, public_jwk } = await devSigningKey();
    const claims = base64url.encode(JSON.stringify(goodClaims()));
    const none = base64url.encode(JSON.stringify({ alg: "none", typ: "JWT" }));
    expect(await statusOf(`${none}.${claims}.`)).toBe(401);
    // The public key, which everybody has, used as if it were a shared secret.
    const secret = new TextEncoder().encode(JSON.stringify(public_jwk));
    expect(await statusOf(await sign(goodClaims(), { alg: "HS256", kid }, secret))).toBe(401);
    const rsa = await newSigningKey("RS256", kid);
    expect(await statusOf(await sign(goodClaims(), { alg: "RS256", kid }, rsa.private_key))).toBe(401);
  });

  it("is refused when there is none, or no sense in it", async () => {
    expect(await statusOf(null)).toBe(401);
    for (const token of ["short", "x".repeat(40), "a.b.c.d.e.f.g.h.i.j", `mct_${"x".repeat(60)}`]) {
      expect(await statusOf(token)).toBe(401);
    }
    const basic = await new Api().send("GET", "/api/v1/me", { headers: { authorization: "Basic dXNlcjpwYXNz" } });
    expect(basic.status).toBe(401);
  });

  it("brings an e-mail address only when the issuer has verified it", async () => {
    const claims = { sub: "mail", email: "Ada@Example.org" };
    const me = async (changes: Record<string, unknown>) =>
      new Api(await devToken({ ...claims, ...changes })).get<Me>("/api/v1/me");
    expect((await me({ email_verified: true })).email).toBe("ada@example.org");
    expect((await me({ email_verified: false })).email).toBeNull();
    expect((await me({})).email).toBeNull();
  });
});

describe("the keys of the development issuer", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const publishedKids = async (): Promise<string[]> => {
    const { keys } = await new Api().get<{ keys: { kid: string }[] }>("/api/v1/dev/jwks.json");
    return keys.map((key) => key.kid);
  };

  it("are published an hour ahead, sign for a day and stay as long as their tokens", async () => {
    // Far enough from the clock of the other tests: within an hour of midnight they have made the next key.
    const turn = (Math.ceil(Date.now() / DAY) + 1) * DAY;
    const at = (ms: number): void => void vi.setSystemTime(turn + ms);
    vi.useFakeTimers({ toFake: ["Date"] });
    at(-2 * HOUR);
    const first = (await devSigningKey()).kid;
    expect(await publishedKids()).not.toContain(`dev-${turn / DAY}`);
    at(-30 * MINUTE);
    expect(await publishedKids()).toEqual(expect.arrayContaining([first, `dev-${turn / DAY}`]));
    at(-1 * SECOND);
    const old = await tokenFor("old");
    at(MINUTE);
    const young = await tokenFor("young");
    expect((await devSigningKey()).kid).toBe(`dev-${turn / DAY}`);
    at(7 * HOUR);
    expect(await statusOf(old)).toBe(200);
    expect(await statusOf(young)).toBe(200);
    expect(await publishedKids()).toContain(first);
    at(9 * HOUR + MINUTE);
    expect(await publishedKids()).not.toContain(first);
    expect(await statusOf(old)).toBe(401);
  });

  it("never show their private half", async () => {
    const { keys } = await new Api().get<{ keys: object[] }>("/api/v1/dev/jwks.json");
    expect(keys.filter((key) => "d" in key)).toEqual([]);
  });
});

describe("several issuers", () => {
  const one = new ForeignIssuer("one");
  const two = new ForeignIssuer("two", { subject_prefix: "" });

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  async function trustBoth() {
    vi.stubGlobal("fetch", async (url: string | URL) => (String(url) === one.config.jwks_uri ? one : two).answer());
    for (const issuer of [one, two]) {
      issuer.fetched = 0;
      issuer.isDown = false;
      issuer.keys.splice(0, Number.POSITIVE_INFINITY, await newSigningKey());
    }
    const [keyOfOne, keyOfTwo] = [one.keys[0], two.keys[0]];
    if (!keyOfOne || !keyOfTwo) throw new Error("an issuer has no key");
    const verify = makeVerifier([one, two].map((issuer) => remoteIssuer(issuer.config)));
    return { keyOfOne, keyOfTwo, verify: (token: string) => verify(token, Date.now()) };
  }

  it("name their people apart", async () => {
    const { verify, keyOfOne, keyOfTwo } = await trustBoth();
    expect((await verify(await one.token(keyOfOne))).user_id).toBe("one|somebody");
    expect((await verify(await two.token(keyOfTwo))).user_id).toBe("somebody");
  });

  it("vouch for their own tokens alone", async () => {
    const { verify, keyOfOne, keyOfTwo } = await trustBoth();
    const refused = { code: "unauthenticated" };
    await expect(verify(await one.token(keyOfTwo))).rejects.toMatchObject(refused);
    await expect(verify(await one.token(keyOfOne, { aud: two.config.audience }))).rejects.toMatchObject(refused);
    await expect(verify(await one.token(keyOfOne, { azp: two.config.azp[0] }))).rejects.toMatchObject(refused);
    await expect(verify(await one.token(keyOfOne, { iss: two.config.issuer }))).rejects.toMatchObject(refused);
  });

  it("have service accounts where a client is on the list, by a name that no person gets", async () => {
    const { keyOfOne, keyOfTwo } = await trustBoth();
    const client = one.config.azp[0] ?? "";
    const trusting = makeVerifier([
      remoteIssuer({ ...one.config, service_accounts: [client] }),
      remoteIssuer(two.config),
    ]);
    const claims = { sub: "0b1c", preferred_username: `service-account-${client}` };
    const found = await trusting(await one.token(keyOfOne, claims), Date.now());
    expect(found).toMatchObject({
      kind: "user",
      subject: `service-account-${client}`,
      user_id: `one|service-account-${client}`,
    });
    // A person of that client keeps the issuer's own subject, and so does a client that is not on the list.
    const person = await one.token(keyOfOne, { ...claims, preferred_username: "service-account-other" });
    expect((await trusting(person, Date.now())).subject).toBe("0b1c");
    const unlisted = { sub: "0b1c", preferred_username: `service-account-${two.config.azp[0]}` };
    expect((await trusting(await two.token(keyOfTwo, unlisted), Date.now())).subject).toBe("0b1c");
  });

  it("name their tokens and sign-ins apart, too", async () => {
    const { verify, keyOfOne, keyOfTwo } = await trustBoth();
    const claims = { sid: "s", jti: "j" };
    expect(await verify(await one.token(keyOfOne, claims))).toMatchObject({ sid: "one|s", jti: "one|j" });
    expect(await verify(await two.token(keyOfTwo, claims))).toMatchObject({ sid: "s", jti: "j" });
  });

  it("do not name the people of another, and make a super_admin only where they are trusted to", async () => {
    const { verify, keyOfOne, keyOfTwo } = await trustBoth();
    // The issuer without a prefix could otherwise spell any user id.
    const posing = await two.token(keyOfTwo, { sub: "one|somebody" });
    await expect(verify(posing)).rejects.toMatchObject({ code: "unauthenticated" });
    const root = { realm_access: { roles: ["super_admin"] } };
    expect((await verify(await one.token(keyOfOne, root))).super_admin).toBe(true);
    const modest = makeVerifier([remoteIssuer({ ...one.config, super_admin: false })]);
    expect((await modest(await one.token(keyOfOne, root), Date.now())).super_admin).toBe(false);
  });

  it("are asked for their keys once, and again for a key nobody has seen, not more often than each half minute", async () => {
    const { verify, keyOfOne } = await trustBoth();
    for (const sub of ["a", "b", "c"]) await verify(await one.token(keyOfOne, { sub }));
    expect(one.fetched).toBe(1);
    const next = await newSigningKey("RS256");
    one.keys.push(next);
    await expect(verify(await one.token(next))).rejects.toMatchObject({ code: "unauthenticated" });
    expect(one.fetched).toBe(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31 * SECOND });
    expect((await verify(await one.token(next, { sub: "d" }))).subject).toBe("d");
    expect(one.fetched).toBe(2);
    vi.useRealTimers();
  });

  it("that do not answer are our trouble, not the caller's; what was verified before goes on", async () => {
    const { verify, keyOfTwo } = await trustBoth();
    vi.spyOn(console, "error").mockImplementation(() => {});
    two.isDown = true;
    const token = await two.token(keyOfTwo);
    await expect(verify(token)).rejects.toMatchObject({ code: "unavailable" });
    two.isDown = false;
    expect((await verify(token)).subject).toBe("somebody");
    two.isDown = true;
    expect((await verify(token)).subject).toBe("somebody");
  });
});

describe("a token that was signed out", () => {
  const deny = (kind: string, value: string, not_before = Date.now(), expires_at = Date.now() + HOUR) =>
    env.DIRECTORY.prepare("INSERT INTO denylist (kind, value, not_before, expires_at) VALUES (?, ?, ?, ?)")
      .bind(kind, value, not_before, expires_at)
      .run();

  it("is refused by its id, everywhere", async () => {
    const space = await makeSpace();
    const { sub } = await space.as("user");
    const token = await devToken({ sub, jti: "lost-token" });
    expect(await statusOf(token)).toBe(200);
    await deny("jti", "lost-token");
    expect(await statusOf(token)).toBe(401);
    expect((await new Api(token).refused("GET", space.path())).code).toBe("unauthenticated");
    expect(await statusOf(await devToken({ sub, jti: "another-token" }))).toBe(200);
  });

  it("is refused by its sign-in", async () => {
    const [mine, other] = [await devToken({ sid: "left-open" }), await devToken({ sid: "other-device" })];
    await deny("sid", "left-open");
    expect([await statusOf(mine), await statusOf(other)]).toEqual([401, 200]);
  });

  it("is refused with all of its person issued before a moment", async () => {
    const before = await devToken({ sub: "fired", iat: nowInSeconds() - 120 });
    const after = await devToken({ sub: "fired", iat: nowInSeconds() + 1 });
    await deny("sub", "fired", Date.now() - MINUTE);
    expect([await statusOf(before), await statusOf(after)]).toEqual([401, 200]);
  });

  it("is not looked for longer than it could live", async () => {
    const token = await devToken({ jti: "forgotten" });
    await deny("jti", "forgotten", 0, Date.now() - SECOND);
    expect(await statusOf(token)).toBe(200);
  });
});

it("lets somebody in who belongs nowhere, to learn who they are", async () => {
  const api = await signIn("newcomer");
  expect(await api.get<Me>("/api/v1/me")).toEqual({
    user_id: "newcomer",
    email: "newcomer@example.org",
    name: "newcomer",
    super_admin: false,
    memberships: [],
  });
});
