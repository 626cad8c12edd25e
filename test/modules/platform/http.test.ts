/** What every route does alike: refusing what it cannot read, headers, keys, versions, pages. */

import { env, exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { problems } from "../../../src/platform/problem.ts";
import { Api, ORIGIN } from "../../support/api.ts";
import { connectionLost, type Faults, faulty, through } from "../../support/faults.ts";
import { makeSpace, signIn, signInAsRoot, slotIn } from "../../support/space.ts";
import type { Equipment, Makerspace, Member } from "../../support/wire.ts";

const memberInput = (email = `${crypto.randomUUID()}@example.org`) => ({
  email,
  first_name: "Grace",
  last_name: "Hopper",
  role: "user",
});

describe("a request that cannot be read", () => {
  it("is 404 on an unknown path and 405 with Allow for an unknown method", async () => {
    const api = await signIn();
    expect(await api.refused("GET", "/api/v1/nowhere")).toMatchObject({ status: 404, code: "not_found" });
    const answer = await api.send("PUT", "/api/v1/makerspaces");
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST, GET"]);
    const space = await makeSpace();
    const one = await space.root.send("POST", space.path());
    expect([one.status, one.headers.get("allow")]).toEqual([405, "GET, PATCH"]);
  });

  it("is 400 when it is no JSON, 415 when it does not say so, 413 when it is too much", async () => {
    const root = await signInAsRoot();
    const send = (text: string, headers = {}) => root.refused("POST", "/api/v1/makerspaces", { text, headers });
    expect(await send("{ not json")).toMatchObject({ status: 400, code: "malformed_request" });
    expect(await send("")).toMatchObject({ status: 400, code: "malformed_request" });
    expect(await send("name=x", { "content-type": "text/plain" })).toMatchObject({ status: 415 });
    expect(await root.refused("POST", "/api/v1/makerspaces")).toMatchObject({ status: 422, code: "invalid_body" });
    const big = JSON.stringify({ name: "x".repeat(70_000) });
    expect(await send(big)).toMatchObject({ status: 413, code: "payload_too_large" });
    // Nobody believes a Content-Length that is not there.
    const stream = new Blob([big]).stream();
    const headers = { authorization: `Bearer ${root.token}`, "content-type": "application/json" };
    const streamed = new Request(`${ORIGIN}/api/v1/makerspaces`, { method: "POST", headers, body: stream });
    expect((await exports.default.fetch(streamed)).status).toBe(413);
  });

  it("is 422 with a pointer to each field that is wrong, also to those nobody knows", async () => {
    const root = await signInAsRoot();
    const body = { name: " ", slug: "Not A Slug", timezone: "Mars/Olympus", currency: "EUR", colour: "red" };
    const { code, errors = [] } = await root.refused("POST", "/api/v1/makerspaces", { body });
    expect(code).toBe("invalid_body");
    expect(errors.map((error) => error.pointer).sort()).toEqual(["", "/name", "/slug", "/timezone"]);
    expect(errors.find((error) => error.pointer === "")?.detail).toContain("colour");
    expect(await root.refused("POST", "/api/v1/makerspaces", { body: [] })).toMatchObject({ status: 422 });
  });

  it("is 400 for a query parameter that is unknown or has a value that is not allowed", async () => {
    const space = await makeSpace();
    const list = space.path("/equipment");
    for (const query of ["colour=red", "limit=0", "limit=101", "limit=ten", "category=spaceship", "retired=maybe"]) {
      expect(await space.root.refused("GET", `${list}?${query}`)).toMatchObject({
        status: 400,
        code: "invalid_parameter",
      });
    }
    expect(await space.root.refused("GET", `${space.path()}?colour=red`)).toMatchObject({ code: "invalid_parameter" });
  });
});

describe("every answer", () => {
  it("carries a request id, the caller's own when it can be one", async () => {
    const api = await signIn();
    const own = await api.send("GET", "/api/v1/me", { headers: { "x-request-id": "my-request-0001" } });
    expect(own.headers.get("x-request-id")).toBe("my-request-0001");
    for (const bad of ["short", "with space in it", "x".repeat(65)]) {
      const answer = await api.send("GET", "/api/v1/me", { headers: { "x-request-id": bad } });
      expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
    const refused = await new Api().send("GET", "/api/v1/me");
    expect(refused.problem?.request_id).toBe(refused.headers.get("x-request-id"));
    expect(refused.problem?.instance).toBe("/api/v1/me");
  });

  it("is kept from being sniffed, framed or guessed about", async () => {
    const { headers } = await new Api().send("GET", "/api/v1/me");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
    expect(headers.get("strict-transport-security")).toContain("max-age");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("ratelimit-policy")).toMatch(/"user";q=\d+;w=60/);
    expect(headers.get("content-type")).toBe("application/problem+json");
  });

  it("lets browsers of the origins on the list read it, and no others", async () => {
    const allowed = "https://app.makrcave.test";
    const origin = async (name: string, init: RequestInit = {}) => {
      const response = await exports.default.fetch(`${ORIGIN}/api/v1/me`, {
        ...init,
        headers: { ...init.headers, origin: name },
      });
      return response.headers.get("access-control-allow-origin");
    };
    expect(await origin(allowed)).toBe(allowed);
    expect(await origin("https://evil.example")).toBeNull();
    const preflight = { method: "OPTIONS", headers: { "access-control-request-method": "POST" } };
    expect(await origin(allowed, preflight)).toBe(allowed);
    expect(await origin("https://evil.example", preflight)).toBeNull();
  });

  it("tells only staff how long its parts took", async () => {
    const space = await makeSpace();
    const timing = async (api: Api) => (await api.send("GET", space.path())).headers.get("server-timing");
    expect(await timing((await space.as("admin")).api)).toMatch(/authorise;dur=\d/);
    expect(await timing((await space.as("user")).api)).toBeNull();
  });

  it("points to what it has created, and names its version", async () => {
    const space = await makeSpace();
    const made = await space.root.send<Member>("POST", space.path("/members"), { body: memberInput() });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(space.path(`/members/${made.body?.id}`));
    expect(made.headers.get("etag")).toBe('"1"');
    expect(await space.root.get<Member>(made.headers.get("location") ?? "")).toEqual(made.body);
  });
});

describe("a failure of our own", () => {
  const away: Faults = {
    before: () => {
      throw connectionLost();
    },
  };

  it("says only the request id; neither the answer nor the log shows SQL", async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    const DB_000 = faulty(env.DB_000, {
      before: ([sql = ""]) => {
        if (sql.includes('from "notifications"'))
          throw new Error("D1_ERROR: no such table: notifications: SQLITE_ERROR");
      },
    });
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const answer = await api.by(through({ DB_000 })).send("GET", space.path("/notifications"));
    const [, title, detail] = problems.internal_error;
    expect(answer.problem).toEqual({
      type: "/problems#internal_error",
      title,
      detail,
      status: 500,
      instance: space.path("/notifications"),
      code: "internal_error",
      request_id: answer.headers.get("x-request-id"),
    });
    const lines = logged.mock.calls.flat().join("\n");
    logged.mockRestore();
    expect(lines).toContain(answer.problem?.request_id);
    expect(lines).not.toMatch(/select|where|params/i);
  });

  it("of D1 before anybody is authorised is 503 with Retry-After", async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    vi.spyOn(console, "error").mockImplementation(() => {});
    const worlds = [{ DB_000: faulty(env.DB_000, away) }, { DIRECTORY: faulty(env.DIRECTORY, away) }];
    for (const world of worlds) {
      const answer = await api.by(through(world)).send("GET", space.path("/equipment"));
      expect(answer.problem?.code).toBe("unavailable");
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    const me = await api.by(through({ DIRECTORY: faulty(env.DIRECTORY, away) })).send("GET", "/api/v1/me");
    expect(me.problem?.code).toBe("unavailable");
    vi.restoreAllMocks();
  });

  it("is seen by monitors: alive, but not ready", async () => {
    expect(await new Api().get("/health")).toEqual({ status: "ok" });
    expect(await new Api().get("/ready")).toEqual({ status: "ready" });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 6_000 });
    const DIRECTORY = faulty(env.DIRECTORY, away);
    const monitor = new Api(null, through({ DIRECTORY }));
    const answer = await monitor.send("GET", "/ready");
    expect(answer.problem).toMatchObject({ code: "unavailable", detail: "Down: directory." });
    expect(answer.headers.get("retry-after")).toBe("5");
    vi.useRealTimers();
  });
});

describe("an Idempotency-Key", () => {
  it("answers a repeated request from memory, marked as such", async () => {
    const space = await makeSpace();
    const [key, body] = ["add-grace", memberInput()];
    const first = await space.root.send<Member>("POST", space.path("/members"), { body, key });
    const second = await space.root.send<Member>("POST", space.path("/members"), { body, key });
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect(await space.root.all<Member>(space.path("/members"))).toHaveLength(1);
  });

  it("is 422 with another body, and means nothing to somebody else or on another route", async () => {
    const space = await makeSpace();
    const key = "reused";
    await space.root.post(space.path("/members"), memberInput(), { key });
    const other = await space.root.refused("POST", space.path("/members"), { body: memberInput(), key });
    expect(other).toMatchObject({ status: 422, code: "idempotency_mismatch" });
    const admin = await space.person({ role: "makerspace_admin" });
    expect((await admin.api.send("POST", space.path("/members"), { body: memberInput(), key })).status).toBe(201);
    const machine = { code: "M1", name: "Machine", category: "laser_cutter" };
    expect((await space.root.send("POST", space.path("/equipment"), { body: machine, key })).status).toBe(201);
  });

  it("used by twenty at once has one effect, and all get the same answer", async () => {
    const space = await makeSpace();
    const body = { code: "LASER-1", name: "Laser", category: "laser_cutter" };
    const send = () => space.root.send<Equipment>("POST", space.path("/equipment"), { body, key: "once" });
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.body?.id}`)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === null)).toHaveLength(1);
    expect(await space.root.all(space.path("/equipment"))).toHaveLength(1);
  });

  it("works outside makerspaces, too", async () => {
    const root = await signInAsRoot();
    const slug = `once-${crypto.randomUUID().slice(0, 8)}`;
    const body = { name: "Once", slug, timezone: "Asia/Kolkata", currency: "INR" };
    const send = () => root.send<Makerspace>("POST", "/api/v1/makerspaces", { body, key: slug });
    const answers = await Promise.all([send(), send(), send(), send()]);
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.body?.id}`)).size).toBe(1);
    const other = await root.refused("POST", "/api/v1/makerspaces", { body: { ...body, name: "Twice" }, key: slug });
    expect(other.code).toBe("idempotency_mismatch");
  });

  it("does not remember a refusal that changed nothing", async () => {
    const space = await makeSpace();
    const body = { code: "TAKEN", name: "Second", category: "cnc_machine" };
    const first = await space.machine({}, { code: "TAKEN" });
    const refused = await space.root.refused("POST", space.path("/equipment"), { body, key: "later" });
    expect(refused.code).toBe("code_taken");
    await space.root.delete(space.path(`/equipment/${first.id}`));
    expect((await space.root.send("POST", space.path("/equipment"), { body, key: "later" })).status).toBe(201);
  });

  it("can be used anew when it has expired", async () => {
    const space = await makeSpace();
    await space.root.post(space.path("/members"), memberInput(), { key: "old" });
    await env.DB_000.prepare("UPDATE idempotency_keys SET expires_at = 1 WHERE makerspace_id = ?").bind(space.id).run();
    const again = await space.root.send("POST", space.path("/members"), { body: memberInput(), key: "old" });
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, null]);
  });

  it("is asked for where something is booked, and must be readable", async () => {
    const space = await makeSpace();
    const machine = await space.machine();
    const { api } = await space.as("user");
    for (const key of [null, "x".repeat(201), "with space"]) {
      const { problem } = await space.book(api, machine, slotIn(24), { key });
      expect(problem).toMatchObject({ status: 400, code: "idempotency_key_missing" });
    }
  });
});

describe("If-Match", () => {
  it("is asked for on settings: 428 without, 412 for another version", async () => {
    const space = await makeSpace();
    const patch = (options: object) =>
      space.root.send("PATCH", space.path(), { body: { name: "New name" }, ...options });
    expect((await patch({})).problem?.code).toBe("precondition_required");
    expect((await patch({ if_match: 7 })).problem?.code).toBe("stale_version");
    expect((await patch({ if_match: 'W/"1"' })).problem?.code).toBe("stale_version");
    const done = await patch({ if_match: 1 });
    expect([done.status, done.headers.get("etag")]).toEqual([200, '"2"']);
    expect((await patch({ if_match: 1 })).problem?.status).toBe(412);
  });

  it("lets one of ten through who saw the same version", async () => {
    const space = await makeSpace();
    const names = Array.from({ length: 10 }, (_, index) => `Name ${index}`);
    const patch = (name: string) => space.root.send("PATCH", space.path(), { body: { name }, if_match: 1 });
    const statuses = (await Promise.all(names.map(patch))).map((answer) => answer.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 412)).toHaveLength(9);
  });
});
