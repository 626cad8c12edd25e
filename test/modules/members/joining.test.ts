/** Self-registration, and one person in several makerspaces. */

import { describe, expect, it } from "vitest";
import { Api } from "../../support/api.ts";
import { beErased } from "../../support/erasing.ts";
import { ACCEPT, Inviting } from "../../support/invites.ts";
import { nextMail, tokenIn } from "../../support/mail.ts";
import { putSettings } from "../../support/settings.ts";
import { iso, makeSpace, makeTwoSpaces, signIn, type TestSpace, tokenFor, until } from "../../support/space.ts";
import type { ApiToken, Me, Member, NewApiToken } from "../../support/wire.ts";

const registration = (space: TestSpace, settings: object) => putSettings(space, "access", settings);

const newcomer = async (name = `new-${crypto.randomUUID()}`) => ({ sub: name, api: await signIn(name) });

const join = (space: TestSpace) => space.path("/join");

describe("a person who registers", () => {
  it("is refused unless the makerspace takes registrations", async () => {
    const space = await makeSpace();
    const { api } = await newcomer();
    expect(await api.refused("POST", join(space), { body: {} })).toMatchObject({
      status: 403,
      code: "feature_disabled",
    });
    const nowhere = `/api/v1/makerspaces/${crypto.randomUUID()}/join`;
    expect((await api.refused("POST", nowhere, { body: {} })).code).toBe("not_found");
    expect((await new Api().refused("POST", join(space), { body: {} })).code).toBe("unauthenticated");
  });

  it("waits until staff approve, and is told so meanwhile", async () => {
    const space = await makeSpace();
    await registration(space, { public_registration: true });
    const [admin, { sub, api }] = [await space.as("makerspace_admin"), await newcomer()];
    const body = { first_name: "Grace", last_name: "Hopper" };
    const asked = await api.post<Member>(join(space), body);
    expect(asked).toMatchObject({ ...body, user_id: sub, role: "user", status: "pending", joined_at: null });
    expect(asked).not.toHaveProperty("notes");
    expect((await api.refused("GET", space.path())).code).toBe("membership_pending");
    expect((await api.get<Me>("/api/v1/me")).memberships).toMatchObject([{ status: "pending" }]);
    expect((await api.refused("POST", join(space), { body })).code).toBe("already_member");
    const waiting = await admin.api.all<Member>(space.path("/members?status=pending"));
    expect(waiting.map(({ id }) => id)).toEqual([asked.id]);
    const approved = await admin.api.post<Member>(space.path(`/members/${asked.id}/approve`));
    expect(approved).toMatchObject({ status: "active", joined_at: expect.any(String) });
    expect((await api.send("GET", space.path())).status).toBe(200);
    expect((await admin.api.refused("POST", space.path(`/members/${asked.id}/approve`))).code).toBe(
      "illegal_transition",
    );
  });

  it("may be declined, and ask again; who left waits even where newcomers do not", async () => {
    const space = await makeSpace();
    await registration(space, { public_registration: true });
    const { api } = await newcomer();
    const asked = await api.post<Member>(join(space));
    const declined = await space.root.post<Member>(space.path(`/members/${asked.id}/decline`), { reason: "full" });
    expect(declined).toMatchObject({ status: "left", status_reason: "full" });
    expect((await api.refused("GET", space.path())).code).toBe("not_found");
    await registration(space, { public_registration: true, auto_approve_members: true });
    const again = await api.post<Member>(join(space));
    expect(again).toMatchObject({ id: asked.id, status: "pending", left_at: null, status_reason: null });
  });

  it("has none of the duties of an earlier stay when they ask again", async () => {
    const space = await makeSpace();
    await registration(space, { public_registration: true });
    const { api } = await newcomer();
    const asked = await api.post<Member>(join(space));
    await space.root.must<Member>("PUT", space.path(`/members/${asked.id}/duties/trainer`), { body: {} });
    await space.root.post<Member>(space.path(`/members/${asked.id}/decline`), { reason: "full" });
    expect((await api.post<Member>(join(space))).duties).toEqual([]);
    const approved = await space.root.post<Member>(space.path(`/members/${asked.id}/approve`));
    expect(approved).toMatchObject({ status: "active", duties: [] });
  });

  it("waits for the end of their erasure", async () => {
    const space = await makeSpace();
    await registration(space, { public_registration: true });
    const { api } = await newcomer();
    const asked = await api.post<Member>(join(space));
    await space.root.post<Member>(space.path(`/members/${asked.id}/decline`), { reason: "full" });
    await beErased(space.id, asked.id);
    expect(await api.refused("POST", join(space), { body: {} })).toMatchObject({
      status: 409,
      code: "illegal_transition",
    });
  });

  it("is a member at once where the setting says so", async () => {
    const space = await makeSpace();
    await registration(space, { public_registration: true, auto_approve_members: true });
    const { api } = await newcomer();
    const joined = await api.post<Member>(join(space), { first_name: "Ada" });
    expect(joined).toMatchObject({ status: "active", joined_at: expect.any(String) });
    expect(await api.get<Member>(space.path("/members/me"))).toMatchObject({ id: joined.id, status: "active" });
  });

  it("is one member, however often they press the button at once", async () => {
    const space = await makeSpace();
    await registration(space, { public_registration: true });
    const { api } = await newcomer();
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => api.send<Member>("POST", join(space), { body: {} })),
    );
    const told = answers.map((answer) => answer.problem?.code ?? "joined").sort();
    expect(told.filter((one) => one === "joined")).toHaveLength(1);
    expect(new Set(told)).toEqual(new Set(["already_member", "joined"]));
    expect(await space.root.all<Member>(space.path("/members"))).toHaveLength(1);
  });

  it("who was invited by address comes in at once, registrations or not", async () => {
    const space = await makeSpace();
    const sub = `invited-${crypto.randomUUID()}`;
    const email = `${sub}@example.org`;
    const body = { email, first_name: "Grace", last_name: "Hopper", role: "service_provider" };
    const invited = await space.root.post<Member>(space.path("/members"), body);
    const api = new Api(await tokenFor(sub, [], email));
    expect(await api.post<Member>(join(space))).toMatchObject({
      id: invited.id,
      status: "active",
      role: "service_provider",
    });
  });

  it("does not take the address of a member", async () => {
    const space = await makeSpace();
    await registration(space, { public_registration: true });
    const one = await space.person();
    const api = new Api(await tokenFor(`other-${crypto.randomUUID()}`, [], one.email));
    expect((await api.refused("POST", join(space), { body: {} })).code).toBe("email_taken");
  });
});

describe("one person", () => {
  it("belongs to many makerspaces with different roles, and a suspension in one is none in another", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const one = await home.person({ role: "makerspace_admin" });
    await home.person({ role: "makerspace_admin" });
    const there = await abroad.root.post<Member>(abroad.path("/members"), {
      user_id: one.sub,
      email: one.email,
      first_name: "Ada",
      last_name: "Byron",
      role: "user",
    });
    expect((await one.api.send("GET", home.path("/tablets"))).status).toBe(200);
    expect((await one.api.refused("GET", abroad.path("/tablets"))).code).toBe("forbidden");
    await home.root.post(home.path(`/members/${one.member.id}/suspend`), { reason: "a test" });
    expect((await one.api.refused("GET", home.path())).code).toBe("membership_suspended");
    expect(await one.api.get<Member>(abroad.path("/members/me"))).toMatchObject({ id: there.id, role: "user" });
    const { memberships } = await one.api.get<Me>("/api/v1/me");
    expect(memberships.map(({ role, status }) => `${role} ${status}`).sort()).toEqual([
      "makerspace_admin suspended",
      "user active",
    ]);
  });
});

describe("who was removed and asks to come back", () => {
  it("is not suspended any more: neither who asks to come back, nor who is invited back", async () => {
    const space = await makeSpace();
    await registration(space, { public_registration: true });
    const at = new Inviting(space);
    for (const back of ["join", "invite"] as const) {
      const person = await space.person();
      const path = space.path(`/members/${person.member.id}`);
      await space.root.post(`${path}/suspend`, { reason: "Unpaid" });
      await space.root.delete(path);
      if (back === "join") {
        await person.api.post(space.path("/join"), { first_name: "Ada" });
        await space.root.post(`${path}/approve`);
      } else {
        await at.invite(person.email);
        await person.api.post(ACCEPT, { token: tokenIn(await nextMail(person.email)) });
      }
      const member = await space.root.get<Member>(path);
      expect(member, back).toMatchObject({ status: "active", suspended_at: null, suspended_by: null, left_at: null });
    }
  });

  it("is nobody in particular: no role, no duties, no token of before", async () => {
    const space = await makeSpace();
    await registration(space, { public_registration: true });
    await space.as("makerspace_admin");
    const gone = await space.person({ role: "makerspace_admin", duties: [{ duty: "safety" }] });
    const token = await gone.api.post<NewApiToken>(space.path("/api_tokens"), {
      name: "a test",
      permissions: ["equipment.read"],
      expires_at: iso(Date.now() + 3_600_000),
    });
    const program = new Api(token.token);
    await program.get(space.path("/equipment"));
    const path = space.path(`/members/${gone.member.id}`);
    await space.root.delete(path);
    await until("the token to be revoked", async () => {
      const found = await space.root.get<ApiToken>(space.path(`/api_tokens/${token.id}`));
      return found.revoked_at !== null;
    });
    expect(await gone.api.post<Member>(join(space), {})).toMatchObject({ status: "pending", role: "user" });
    expect(await space.root.post<Member>(`${path}/approve`)).toMatchObject({ role: "user", duties: [] });
    expect((await program.refused("GET", space.path("/equipment"))).code).toBe("unauthenticated");
  });
});
