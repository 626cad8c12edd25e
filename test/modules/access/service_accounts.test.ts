/** Service accounts: programs of the makerspace itself. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Permission } from "../../../src/platform/access/permissions.ts";
import { HOUR } from "../../../src/platform/time.ts";
import { Api } from "../../support/api.ts";
import { faulty, through } from "../../support/faults.ts";
import { iso, makeSpace, makeTwoSpaces, slotIn, type TestSpace } from "../../support/space.ts";
import type { ApiToken, Me, Member, NewApiToken, Reservation, ServiceAccount } from "../../support/wire.ts";

const add = (space: TestSpace, body: object, api: Api = space.root): Promise<ServiceAccount> =>
  api.post<ServiceAccount>(space.path("/service_accounts"), { name: `Program ${crypto.randomUUID()}`, ...body });

const inAnHour = (): string => iso(Date.now() + HOUR);

const tokenFor = (space: TestSpace, { id }: ServiceAccount, permissions: Permission[], api: Api = space.root) =>
  api.post<NewApiToken>(space.path("/api_tokens"), {
    name: "a test",
    permissions,
    expires_at: inAnHour(),
    service_account_id: id,
  });

const program = async (space: TestSpace, account: ServiceAccount, permissions: Permission[]): Promise<Api> =>
  new Api((await tokenFor(space, account, permissions)).token);

describe("a service account", () => {
  it("outlives whoever made it", async () => {
    const space = await makeSpace();
    const { api, member } = await space.person({ role: "makerspace_admin" });
    await space.as("makerspace_admin");
    const account = await add(space, { permissions: ["equipment.read"] }, api);
    const { token } = await tokenFor(space, account, ["equipment.read"], api);
    await space.root.post(space.path(`/members/${member.id}/suspend`), { reason: "a test" });
    await new Api(token).get(space.path("/equipment"));
  });

  it("says what it is", async () => {
    const space = await makeSpace();
    const account = await add(space, { name: "Door controller", permissions: ["equipment.read", "members.read"] });
    const made = await tokenFor(space, account, ["equipment.read"]);
    expect(made).toMatchObject({ member_id: null, service_account_id: account.id });
    const me = await new Api(made.token).get<Me>("/api/v1/me");
    expect(me).toMatchObject({ user_id: `service:${account.id}`, name: "Door controller", memberships: [] });
    expect(me.api_token).toMatchObject({
      member_id: null,
      service_account: { id: account.id, name: "Door controller" },
      permissions: ["equipment.read"],
    });
  });

  it("books for others where it may, is named in the audit, and books nothing for itself", async () => {
    const space = await makeSpace();
    const [machine, ada] = [await space.machine(), await space.person()];
    const account = await add(space, { permissions: ["reservations.create", "equipment.read", "equipment.manage"] });
    const api = await program(space, account, ["reservations.create", "equipment.manage"]);
    const booked = await space.booked(api, machine, { ...slotIn(24), member_id: ada.member.id });
    expect(await ada.api.get<Reservation>(space.bookings(machine, `/${booked.id}`))).toMatchObject({ mine: true });
    expect((await space.book(api, machine, slotIn(30))).problem?.code).toBe("invalid_body");
    await api.patch(space.path(`/equipment/${machine.id}`), { location: "Hall 2" });
    const { results } = await env.DB_000.prepare(
      "SELECT action, actor_id FROM audit_log WHERE makerspace_id = ? AND actor_id LIKE ? ORDER BY seq",
    )
      .bind(space.id, `%${account.id}`)
      .all<{ action: string; actor_id: string }>();
    expect(results.map(({ action }) => action)).toEqual(
      expect.arrayContaining(["reservation.created", "equipment.updated"]),
    );
  });

  it("has either a role or permissions, and no more than whoever makes it", async () => {
    const space = await makeSpace();
    const path = space.path("/service_accounts");
    for (const body of [
      { name: "x" },
      { name: "x", role: "user", permissions: ["equipment.read"] },
      { name: "x", permissions: [] },
    ]) {
      expect((await space.root.refused("POST", path, { body })).code).toBe("invalid_body");
    }
    // A token that may manage service accounts cannot exist, so a narrow manager is made by hand.
    const admin = await space.as("makerspace_admin");
    const low = await space.as("user");
    expect((await low.api.refused("POST", path, { body: { name: "x", role: "user" } })).code).toBe("forbidden");
    const account = await add(space, { role: "user" }, admin.api);
    expect(account).toMatchObject({ role: "user", permissions: [], status: "active", version: 1 });
    const wide = { name: "x", permissions: ["members.manage"], expires_at: inAnHour(), service_account_id: account.id };
    const refused = await admin.api.refused("POST", space.path("/api_tokens"), { body: wide });
    expect(refused).toMatchObject({ code: "grant_exceeds_own", errors: [{ pointer: "/permissions/0" }] });
  });

  it("may from the next request on what it may now", async () => {
    const space = await makeSpace();
    const account = await add(space, { permissions: ["equipment.read", "members.read"] });
    const api = await program(space, account, ["equipment.read", "members.read"]);
    await api.get(space.path("/members"));
    const path = space.path(`/service_accounts/${account.id}`);
    const changed = await space.root.patch<ServiceAccount>(path, { permissions: ["equipment.read"] }, account.version);
    expect(changed).toMatchObject({ version: 2, permissions: ["equipment.read"] });
    expect((await api.refused("GET", space.path("/members"))).code).toBe("forbidden");
    await space.root.patch<ServiceAccount>(path, { role: "admin" });
    await api.get(space.path("/members"));
    const stale = await space.root.refused("PATCH", path, { body: { name: "y" }, if_match: 1 });
    expect(stale.code).toBe("stale_version");
  });

  it("is disabled for good, with all its tokens", async () => {
    const space = await makeSpace();
    const account = await add(space, { name: "Old door", permissions: ["equipment.read"] });
    const made = await tokenFor(space, account, ["equipment.read"]);
    const path = space.path(`/service_accounts/${account.id}`);
    await space.root.delete(path);
    expect((await new Api(made.token).refused("GET", space.path("/equipment"))).code).toBe("unauthenticated");
    expect(await space.root.get<ServiceAccount>(path)).toMatchObject({ status: "disabled" });
    expect(await space.root.get<ApiToken>(space.path(`/api_tokens/${made.id}`))).toMatchObject({ status: "revoked" });
    await space.root.delete(path);
    expect((await space.root.refused("PATCH", path, { body: { name: "z" } })).code).toBe("illegal_transition");
    const body = { name: "x", permissions: ["equipment.read"], expires_at: inAnHour(), service_account_id: account.id };
    expect((await space.root.refused("POST", space.path("/api_tokens"), { body })).code).toBe("unknown_reference");
    // Its name is free again.
    await add(space, { name: "Old door", permissions: ["equipment.read"] });
  });

  it("that is disabled while a token is made for it gets none", async () => {
    const space = await makeSpace();
    const account = await add(space, { permissions: ["equipment.read"] });
    // Between the look at the account and the batch that makes the token.
    const before = async (statements: readonly string[]): Promise<void> => {
      const isMaking = statements.some((sql) => sql.includes('insert into "api_tokens"'));
      if (isMaking) await space.root.delete(space.path(`/service_accounts/${account.id}`));
    };
    const body = { name: "x", permissions: ["equipment.read"], expires_at: inAnHour(), service_account_id: account.id };
    const slow = space.root.by(through({ DB_000: faulty(env.DB_000, { before }) }));
    expect((await slow.refused("POST", space.path("/api_tokens"), { body })).code).toBe("unknown_reference");
    expect(await space.root.all(space.path(`/api_tokens?service_account_id=${account.id}`))).toEqual([]);
  });

  it("is one's own makerspace's alone", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const account = await add(home, { permissions: ["equipment.read"] });
    const [here, there] = [await home.as("makerspace_admin"), await abroad.as("makerspace_admin")];
    await here.api.get(home.path(`/service_accounts/${account.id}`));
    expect((await there.api.refused("GET", abroad.path(`/service_accounts/${account.id}`))).code).toBe("not_found");
    const body = { name: "x", permissions: ["equipment.read"], expires_at: inAnHour(), service_account_id: account.id };
    expect((await there.api.refused("POST", abroad.path("/api_tokens"), { body })).code).toBe("unknown_reference");
  });

  it("has a name of its own, and is made once per key", async () => {
    const space = await makeSpace();
    const path = space.path("/service_accounts");
    const options = { body: { name: "Twice", permissions: ["equipment.read"] }, key: "once-only" };
    const [first, again] = [
      await space.root.send<ServiceAccount>("POST", path, options),
      await space.root.send<ServiceAccount>("POST", path, options),
    ];
    expect(again.body).toEqual(first.body);
    expect((await space.root.refused("POST", path, { body: options.body })).code).toBe("code_taken");
    expect((await space.root.all<ServiceAccount>(path)).map(({ name }) => name)).toEqual(["Twice"]);
  });
});

describe("a program that may manage members", () => {
  it("cannot make its holder somebody who may more, by way of their address", async () => {
    const space = await makeSpace();
    const account = await add(space, { permissions: ["members.manage", "members.read"] });
    const api = await program(space, account, ["members.manage", "members.read"]);
    const admin = { email: "boss@example.org", first_name: "Ada", last_name: "Byron", role: "makerspace_admin" };
    const { id } = await space.root.post<Member>(space.path("/members"), admin);
    const path = space.path(`/members/${id}`);
    expect((await api.refused("PATCH", path, { body: { email: "me@example.org" } })).code).toBe("grant_exceeds_own");
    expect((await api.refused("POST", `${path}/decline`, { body: { reason: "a test" } })).code).toBe("forbidden");
    expect((await space.root.patch<Member>(path, { email: "ada@example.org" })).email).toBe("ada@example.org");
  });
});
