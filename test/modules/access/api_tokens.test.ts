/** API tokens: what they may, whose they are, and how they end. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { isApiToken, newApiToken } from "../../../src/platform/access/api-tokens.ts";
import type { Permission } from "../../../src/platform/access/permissions.ts";
import { sha256 } from "../../../src/platform/ids.ts";
import { DAY, HOUR, MINUTE } from "../../../src/platform/time.ts";
import { Api } from "../../support/api.ts";
import { tick } from "../../support/background.ts";
import { connectionLost, faulty, through } from "../../support/faults.ts";
import { LiveSocket } from "../../support/live.ts";
import { makeScene } from "../../support/scene.ts";
import { iso, makeSpace, makeTwoSpaces, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { ApiToken, Equipment, Me, Member, NewApiToken, Reservation } from "../../support/wire.ts";

const inAnHour = (): string => iso(Date.now() + HOUR);

const make = (space: TestSpace, api: Api, permissions: Permission[], more: object = {}): Promise<NewApiToken> =>
  api.post<NewApiToken>(space.path("/api_tokens"), { name: "a test", permissions, expires_at: inAnHour(), ...more });

describe("an API token", () => {
  it("looks like one, so that scanners find it and tell a real one", async () => {
    const tokens = Array.from({ length: 200 }, newApiToken);
    for (const token of tokens) expect(token).toMatch(/^mck_[0-9A-Za-z]{49}$/);
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(tokens.filter((token) => !isApiToken(token))).toEqual([]);
    const [token = ""] = tokens;
    const other = token.at(10) === "a" ? "b" : "a";
    expect(isApiToken(token.slice(0, 10) + other + token.slice(11))).toBe(false);
    // The checksum is CRC-32, as documented: a value worked out elsewhere.
    expect(isApiToken(`mck_${"0".repeat(43)}2CZclj`)).toBe(true);
  });

  it("is shown once, and nowhere kept", async () => {
    const space = await makeSpace();
    const { api, member } = await space.as("user");
    const answer = await api.send<NewApiToken>("POST", space.path("/api_tokens"), {
      body: { name: "Dashboard", permissions: ["equipment.read"], expires_at: inAnHour() },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const { token, ...shown } = answer.body as NewApiToken;
    expect(shown).toMatchObject({ member_id: member.id, status: "active", last4: token.slice(-4), last_used_at: null });
    expect(answer.headers.get("location")).toBe(space.path(`/api_tokens/${shown.id}`));
    expect(await api.get<ApiToken>(space.path(`/api_tokens/${shown.id}`))).toEqual(shown);
    const databases = [env.DIRECTORY, env.DB_000];
    for (const database of databases) {
      const { results } = await database
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
        .all<{ name: string }>();
      for (const { name } of results.filter((table) => !/^(_cf|sqlite_|d1_)/.test(table.name))) {
        const rows = await database.prepare(`SELECT * FROM "${name}"`).all();
        expect(JSON.stringify(rows.results)).not.toContain(token.slice(4));
      }
    }
    const row = await env.DIRECTORY.prepare("SELECT token_id FROM api_token_index WHERE digest = ?")
      .bind(await sha256(token))
      .first();
    expect(row).toEqual({ token_id: shown.id });
  });

  it("acts as the member who made it, within what it carries", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const { token } = await make(space, ada.api, ["equipment.read", "reservations.create", "reservations.read"]);
    const program = new Api(token);
    const booked = await space.booked(program, machine, slotIn(24));
    expect(booked).toMatchObject({ member_id: ada.member.id, status: "approved" });
    // Its own reservation is what it sees in full; another's is a busy time without a name.
    const foreign = await space.booked(ben.api, machine, slotIn(30));
    expect(await program.get<Reservation>(space.bookings(machine, `/${booked.id}`))).toMatchObject({ id: booked.id });
    expect(await program.get<Reservation>(space.bookings(machine, `/${foreign.id}`))).toMatchObject({
      member_id: null,
    });
    expect((await space.step(program, booked, "cancel")).problem?.code).toBe("forbidden");
    expect((await program.refused("GET", space.path("/members"))).code).toBe("forbidden");
  });

  it("says what it is, and opens nothing else outside its makerspace", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const { api, member, sub } = await home.as("user");
    const made = await make(home, api, ["equipment.read"]);
    const program = new Api(made.token);
    expect(await program.get<Me>("/api/v1/me")).toEqual({
      user_id: sub,
      email: null,
      name: null,
      super_admin: false,
      memberships: [{ makerspace_id: home.id, member_id: member.id, role: "user", status: "active" }],
      api_token: {
        id: made.id,
        name: "a test",
        makerspace_id: home.id,
        permissions: ["equipment.read"],
        expires_at: made.expires_at,
        member_id: member.id,
        service_account: null,
      },
    });
    expect((await program.refused("GET", "/api/v1/makerspaces")).code).toBe("forbidden");
    expect((await program.refused("GET", abroad.path())).code).toBe("not_found");
    await abroad.root.post(abroad.path("/members"), {
      user_id: sub,
      email: "x@example.org",
      first_name: "A",
      last_name: "B",
      role: "user",
    });
    expect((await program.refused("GET", abroad.path())).code).toBe("not_found");
  });

  it("cannot carry more than its maker has, nor the right to make more tokens", async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    const body = { name: "x", expires_at: inAnHour() };
    const wide = await api.refused("POST", space.path("/api_tokens"), {
      body: { ...body, permissions: ["equipment.read", "members.manage"] },
    });
    expect(wide).toMatchObject({ code: "grant_exceeds_own", errors: [{ pointer: "/permissions/1" }] });
    for (const name of ["tokens.manage", "service_accounts.manage", "members.export", "members.erase", "everything"]) {
      const refused = await api.refused("POST", space.path("/api_tokens"), { body: { ...body, permissions: [name] } });
      expect(refused.code).toBe("invalid_body");
    }
    const admin = await space.as("makerspace_admin");
    const boss = await space.person({ role: "makerspace_admin" });
    const reason = { body: { reason: "a test" } };
    const { token } = await make(space, admin.api, ["members.manage", "members.read"]);
    const program = new Api(token);
    expect((await program.refused("POST", space.path("/api_tokens"), { body })).code).toBe("forbidden");
    // Nor does it grant what its maker could, but it could not.
    const member = { email: "n@example.org", first_name: "N", last_name: "", role: "makerspace_admin" };
    expect((await program.refused("POST", space.path("/members"), { body: member })).code).toBe("grant_exceeds_own");
    expect((await program.refused("POST", space.path(`/members/${boss.member.id}/suspend`), reason)).code).toBe(
      "forbidden",
    );
    // What every member may is nothing above anybody: it adds one, and acts on them.
    const { id } = await program.post<Member>(space.path("/members"), { ...member, role: "user" });
    await space.root.post(space.path(`/members/${id}/approve`));
    expect((await program.post<Member>(space.path(`/members/${id}/suspend`), reason.body)).status).toBe("suspended");
    expect((await program.refused("PUT", space.path(`/members/${id}/duties/desk`), { body: {} })).code).toBe(
      "grant_exceeds_own",
    );
  });

  it("is only for people who belong there: a super_admin's rights go into none", async () => {
    const space = await makeSpace();
    const body = { name: "x", permissions: ["equipment.read"], expires_at: inAnHour() };
    expect((await space.root.refused("POST", space.path("/api_tokens"), { body })).code).toBe("forbidden");
  });

  it("may no more than its maker may now", async () => {
    const space = await makeSpace();
    const { api, member } = await space.person({ duties: [{ duty: "desk" }] });
    const { token } = await make(space, api, ["members.read", "equipment.read"]);
    const program = new Api(token);
    const other = await space.as("user");
    const path = space.path(`/members/${other.member.id}`);
    expect(await program.get<Member>(path)).toMatchObject({ email: other.email });
    await env.DB_000.prepare("DELETE FROM member_duties WHERE makerspace_id = ? AND member_id = ?")
      .bind(space.id, member.id)
      .run();
    // Without the duty they read directory entries, and so does the token.
    expect(await program.get(path)).not.toHaveProperty("email");
    await env.DB_000.prepare("UPDATE members SET role = 'service_provider' WHERE makerspace_id = ? AND id = ?")
      .bind(space.id, member.id)
      .run();
    expect((await program.refused("GET", path)).code).toBe("forbidden");
    expect((await program.get<Me>("/api/v1/me")).api_token?.permissions).toEqual(["equipment.read"]);
  });

  it("stops with its suspended maker, and works again with them", async () => {
    const space = await makeSpace();
    const { api, member } = await space.person();
    const { token } = await make(space, api, ["equipment.read"]);
    const program = new Api(token);
    await space.root.post(space.path(`/members/${member.id}/suspend`), { reason: "a test" });
    expect((await program.refused("GET", space.path("/equipment"))).code).toBe("membership_suspended");
    expect((await program.refused("GET", "/api/v1/me")).code).toBe("membership_suspended");
    await space.root.post(space.path(`/members/${member.id}/reactivate`));
    await program.get(space.path("/equipment"));
  });

  it("ends: at its time, and at once when it is revoked, sockets included", async () => {
    const { space, machine, ada } = await makeScene();
    const made = await make(space, ada.api, ["equipment.read", "live.watch"]);
    const program = new Api(made.token);
    const socket = await LiveSocket.open(program, space.path(`/equipment/${machine.id}`));
    await socket.heard(/snapshot/);
    const late = { now: Date.now() + 2 * HOUR };
    vi.useFakeTimers({ toFake: ["Date"], now: late.now });
    expect((await program.refused("GET", space.path())).code).toBe("unauthenticated");
    vi.useRealTimers();
    await program.get(space.path("/equipment"));
    const path = space.path(`/api_tokens/${made.id}`);
    await ada.api.delete(path);
    expect((await program.refused("GET", space.path())).code).toBe("unauthenticated");
    expect((await program.refused("GET", "/api/v1/me")).code).toBe("unauthenticated");
    expect((await socket.closed).code).toBe(4403);
    expect(await ada.api.get<ApiToken>(path)).toMatchObject({ status: "revoked", version: 2 });
    await ada.api.delete(path);
    expect(await ada.api.get<ApiToken>(path)).toMatchObject({ status: "revoked", version: 2 });
  });

  it("is refused once revoked, even when the directory has not heard of it", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const space = await makeSpace();
    const { api } = await space.as("user");
    const made = await make(space, api, ["equipment.read"]);
    const before = (statements: readonly string[]): void => {
      if (statements.some((sql) => sql.includes('delete from "api_token_index"'))) throw connectionLost();
    };
    const deaf = through({ DIRECTORY: faulty(env.DIRECTORY, { before }) });
    await api.by(deaf).delete(space.path(`/api_tokens/${made.id}`));
    const known = await env.DIRECTORY.prepare("SELECT 1 FROM api_token_index WHERE token_id = ?").bind(made.id).first();
    expect(known).not.toBeNull();
    expect((await new Api(made.token).refused("GET", space.path())).code).toBe("unauthenticated");
    vi.restoreAllMocks();
  });

  it("shows when it was used, coarsely", async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    const made = await make(space, api, ["equipment.read"]);
    const path = space.path(`/api_tokens/${made.id}`);
    const program = new Api(made.token);
    await program.get(space.path("/equipment"));
    const used = await until("its use", async () => (await api.get<ApiToken>(path)).last_used_at);
    expect(Math.abs(Date.parse(used) - Date.now())).toBeLessThan(MINUTE);
    await program.get(space.path("/equipment"));
    expect((await api.get<ApiToken>(path)).last_used_at).toBe(used);
  });

  it("needs an end within two years", async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    const refuse = async (expires_at: string | undefined) =>
      api.refused("POST", space.path("/api_tokens"), {
        body: { name: "x", permissions: ["equipment.read"], expires_at },
      });
    for (const at of [undefined, iso(Date.now() - HOUR), iso(Date.now() + 800 * DAY)]) {
      expect(await refuse(at)).toMatchObject({ code: "invalid_body", errors: [{ pointer: "/expires_at" }] });
    }
  });

  it("is its maker's to see and revoke, and the administrators'", async () => {
    const space = await makeSpace();
    const [one, other, admin] = [await space.person(), await space.person(), await space.as("makerspace_admin")];
    const made = await make(space, one.api, ["equipment.read"]);
    const path = space.path(`/api_tokens/${made.id}`);
    expect((await other.api.refused("GET", path)).code).toBe("not_found");
    expect((await other.api.refused("DELETE", path)).code).toBe("not_found");
    expect(await other.api.all(space.path("/api_tokens"))).toEqual([]);
    expect((await other.api.refused("GET", space.path(`/api_tokens?member_id=${one.member.id}`))).code).toBe(
      "forbidden",
    );
    expect(
      (await admin.api.all<ApiToken>(space.path(`/api_tokens?member_id=${one.member.id}`))).map(({ id }) => id),
    ).toEqual([made.id]);
    await admin.api.delete(path);
    expect((await new Api(made.token).refused("GET", space.path())).code).toBe("unauthenticated");
  });

  it("is listed newest first, in pages that neither lose nor repeat", async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    const made: string[] = [];
    for (let n = 0; n < 5; n++) made.unshift((await make(space, api, ["equipment.read"], { name: `t${n}` })).id);
    const pages = await api.all<ApiToken>(space.path("/api_tokens?limit=2"));
    expect(pages.map(({ id }) => id)).toEqual(made);
  });

  it("that nobody made is refused, whatever it looks like", async () => {
    const tokens = [newApiToken(), `mck_${"x".repeat(49)}`, "mck_short-but-long-enough"];
    for (const token of tokens)
      expect((await new Api(token).refused("GET", "/api/v1/me")).code).toBe("unauthenticated");
  });

  it("meets a directory that is away with 503, not 401", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const before = (): void => {
      throw connectionLost();
    };
    const away = through({ DIRECTORY: faulty(env.DIRECTORY, { before }) });
    expect((await new Api(newApiToken(), away).refused("GET", "/api/v1/me")).code).toBe("unavailable");
    vi.restoreAllMocks();
  });

  it("leaves the look-up once it has expired", async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    const made = await make(space, api, ["equipment.read"]);
    await env.DIRECTORY.prepare("UPDATE api_token_index SET expires_at = 1 WHERE token_id = ?").bind(made.id).run();
    await tick("quarter");
    const left = await env.DIRECTORY.prepare("SELECT 1 FROM api_token_index WHERE token_id = ?").bind(made.id).first();
    expect(left).toBeNull();
  });

  it("walks an index for every list, however many there are", async () => {
    const plans = [
      ["member_id", "api_tokens_by_member"],
      ["service_account_id", "api_tokens_by_account"],
    ] as const;
    for (const [column, index] of plans) {
      const { results } = await env.DB_000.prepare(
        `EXPLAIN QUERY PLAN SELECT * FROM api_tokens WHERE makerspace_id = ? AND unlikely(${column} = ?) AND id < ? ORDER BY id DESC LIMIT 51`,
      )
        .bind("m", "x", "y")
        .all<{ detail: string }>();
      expect(results.map(({ detail }) => detail).join()).toMatch(
        new RegExp(`SEARCH api_tokens USING INDEX ${index} \\(makerspace_id=\\? AND ${column}=\\? AND id<\\?\\)$`),
      );
    }
  });
});

it("a machine can be run by a token of its maintainer for that machine alone", async () => {
  const space = await makeSpace();
  const [mine, other] = [await space.machine(), await space.machine()];
  const { api } = await space.person({ duties: [{ duty: "maintainer", equipment_ids: [mine.id] }] });
  const { token } = await make(space, api, ["equipment.manage"]);
  const program = new Api(token);
  await program.patch<Equipment>(space.path(`/equipment/${mine.id}`), { location: "Hall 1" });
  expect((await program.refused("PATCH", space.path(`/equipment/${other.id}`), { body: { location: "x" } })).code).toBe(
    "forbidden",
  );
});

it("the switch `api_tokens` of the settings turns all of them off, and on again", async () => {
  const space = await makeSpace();
  const { api } = await space.as("user");
  const { token } = await make(space, api, ["equipment.read"]);
  const program = new Api(token);
  const set = (on: boolean) =>
    env.DB_000.prepare(
      `INSERT INTO settings_sections (makerspace_id, section, data, version, updated_at, updated_by) VALUES (?, 'security', ?, 2, 1, 'a test')
       ON CONFLICT DO UPDATE SET data = excluded.data`,
    )
      .bind(space.id, JSON.stringify({ api_tokens: on }))
      .run();
  await set(false);
  expect((await program.refused("GET", space.path("/equipment"))).code).toBe("feature_disabled");
  expect((await program.refused("GET", "/api/v1/me")).code).toBe("feature_disabled");
  const body = { name: "x", permissions: ["equipment.read"], expires_at: inAnHour() };
  expect((await api.refused("POST", space.path("/api_tokens"), { body })).code).toBe("feature_disabled");
  await set(true);
  await program.get(space.path("/equipment"));
});
