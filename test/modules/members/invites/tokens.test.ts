/** A token in a mail: it works once, for seven days, for the person with that address. */

import { beforeAll, describe, expect, it } from "vitest";
import { Api } from "../../../support/api.ts";
import { beErased } from "../../../support/erasing.ts";
import { ACCEPT, address, Inviting, preview, withAddress } from "../../../support/invites.ts";
import { mailTo, nextMail, tokenIn } from "../../../support/mail.ts";
import { makeSpace, type TestSpace } from "../../../support/space.ts";
import type { Invite, Me, Member } from "../../../support/wire.ts";

let space: TestSpace;
let at: Inviting;
beforeAll(async () => {
  space = await makeSpace();
  at = new Inviting(space);
});

describe("a token", () => {
  it("shows what it is for without being used, to whoever has it", async () => {
    const email = address();
    const admin = await space.as("makerspace_admin");
    const row = await at.invite(email, { role: "service_provider" }, admin.api);
    const token = tokenIn(await nextMail(email));
    for (let times = 0; times < 2; times++) {
      const { status, body } = await preview(token);
      expect(status).toBe(200);
      expect(body).toEqual({
        makerspace: { id: space.id, name: space.makerspace.name, slug: space.makerspace.slug },
        role: "service_provider",
        invited_by: admin.member.display_name,
        expires_at: row.expires_at,
      });
    }
    expect((await at.read(row)).status).toBe("pending");
  });

  it("that does not work says the same whatever the cause", async () => {
    const email = address();
    const row = await at.invite(email);
    const dead = tokenIn(await nextMail(email));
    await at.step(space.root, row, "cancel");
    const told = [await preview(dead), await preview("x".repeat(43))].map(({ problem }) => ({
      ...problem,
      request_id: "",
    }));
    expect(told[0]).toEqual(told[1]);
    expect(told[0]).toMatchObject({ status: 410, code: "token_used" });
  });

  it("cannot be guessed at: tries are counted", async () => {
    const ip = crypto.randomUUID();
    const answers: number[] = [];
    for (let tries = 0; tries < 21; tries++) answers.push((await preview("y".repeat(43), ip)).status);
    expect(answers).toEqual([...Array<number>(20).fill(410), 429]);
    const someone = await withAddress(address());
    const accepts: number[] = [];
    for (let tries = 0; tries < 21; tries++)
      accepts.push((await someone.send("POST", ACCEPT, { body: { token: "y".repeat(43) } })).status);
    expect(accepts).toEqual([...Array<number>(20).fill(410), 429]);
  });

  it("makes a member of whoever signs in with that address, once", async () => {
    const email = address();
    const admin = await space.as("makerspace_admin");
    const row = await at.invite(
      email,
      { role: "user", duties: [{ duty: "trainer" }], first_name: "Grace", last_name: "Hopper" },
      admin.api,
    );
    const token = tokenIn(await nextMail(email));
    const grace = await withAddress(email);
    expect((await grace.send("GET", space.path())).status).toBe(404);
    const member = await grace.post<Member>(ACCEPT, { token });
    expect(member).toMatchObject({
      email,
      first_name: "Grace",
      last_name: "Hopper",
      role: "user",
      status: "active",
      duties: [{ duty: "trainer", equipment_ids: null, ends_at: null }],
    });
    expect(member.joined_at).not.toBeNull();
    expect((await grace.send("GET", space.path())).status).toBe(200);
    const { memberships } = await grace.get<Me>("/api/v1/me");
    expect(memberships).toMatchObject([{ makerspace_id: space.id, member_id: member.id, status: "active" }]);
    expect(await admin.api.get<Invite>(space.path(`/invites/${row.id}`))).toMatchObject({
      status: "accepted",
      member_id: member.id,
      version: 2,
    });
    // A search finds them by name.
    const found = await admin.api.all<Member>(space.path("/members?q=hopper+grace"));
    expect(found.map(({ id }) => id)).toContain(member.id);
    const again = await grace.refused("POST", ACCEPT, { body: { token } });
    expect([again.status, again.code]).toEqual([410, "token_used"]);
    expect((await preview(token)).status).toBe(410);
  });

  it("is used once by twenty who accept at once: one member, one answer", async () => {
    const email = address();
    await at.invite(email);
    const token = tokenIn(await nextMail(email));
    // Twenty devices, twenty accounts with the same verified address.
    const people = await Promise.all(Array.from({ length: 20 }, () => withAddress(email)));
    const answers = await Promise.all(people.map((one) => one.send<Member>("POST", ACCEPT, { body: { token } })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, problem } of answers.filter(({ status }) => status !== 200)) {
      expect([
        [410, "token_used"],
        [409, "already_member"],
      ]).toContainEqual([status, problem?.code]);
    }
    const members = await space.root.all<Member>(space.path("/members?limit=100"));
    expect(members.filter((one) => one.email === email)).toHaveLength(1);
  });

  it("is used once by one person who accepts twenty times at once", async () => {
    const email = address();
    await at.invite(email);
    const token = tokenIn(await nextMail(email));
    const sub = `sub-${crypto.randomUUID()}`;
    const me = await withAddress(email, sub);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => me.send<Member>("POST", ACCEPT, { body: { token } })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const members = await space.root.all<Member>(space.path("/members?limit=100"));
    expect(members.filter((one) => one.email === email)).toHaveLength(1);
    const id = members.find((one) => one.email === email)?.id;
    expect(await at.audited("invite.accepted", id)).toHaveLength(1);
  });

  it("is for the verified address alone; staff can send the invite to the one somebody has", async () => {
    const [meant, actual] = [address(), address()];
    const row = await at.invite(meant);
    const token = tokenIn(await nextMail(meant));
    const somebody = await withAddress(actual);
    const refused = await somebody.refused("POST", ACCEPT, { body: { token } });
    expect([refused.status, refused.code]).toEqual([409, "email_mismatch"]);
    // An address that nobody verified is none.
    const { access_token } = await new Api().post<{ access_token: string }>(
      "/api/v1/dev/tokens",
      { sub: `sub-${crypto.randomUUID()}` },
      { key: null },
    );
    expect((await new Api(access_token).refused("POST", ACCEPT, { body: { token } })).code).toBe("email_mismatch");
    expect((await preview(token)).status).toBe(200);
    const moved = await space.root.patch<Invite>(space.path(`/invites/${row.id}`), { email: actual }, row.version);
    expect(moved).toMatchObject({ email: actual, status: "pending", version: 2 });
    expect((await preview(token)).status).toBe(410);
    const fresh = tokenIn(await nextMail(actual));
    expect((await somebody.send("POST", ACCEPT, { body: { token: fresh } })).status).toBe(200);
    expect(await mailTo(meant)).toHaveLength(1);
  });

  it("is not there without signing in", async () => {
    expect((await new Api().refused("POST", ACCEPT, { body: { token: "x".repeat(43) } })).code).toBe("unauthenticated");
  });
});

describe("somebody the makerspace knows", () => {
  it("who was added meanwhile is linked, with the role they were given", async () => {
    const email = address();
    await at.invite(email, { role: "service_provider" });
    const token = tokenIn(await nextMail(email));
    const added = await space.root.post<Member>(space.path("/members"), {
      email,
      first_name: "Ada",
      last_name: "King",
      role: "user",
    });
    const member = await (await withAddress(email)).post<Member>(ACCEPT, { token });
    expect(member).toMatchObject({ id: added.id, role: "user", status: "active", first_name: "Ada" });
  });

  it("who signed in meanwhile finds the link answered, and nothing changed", async () => {
    const email = address();
    const row = await at.invite(email);
    const token = tokenIn(await nextMail(email));
    await space.root.post(space.path("/members"), { email, first_name: "Ada", last_name: "King", role: "user" });
    const ada = await withAddress(email);
    await ada.get(space.path());
    const before = await ada.get<Member>(space.path("/members/me"));
    const member = await ada.post<Member>(ACCEPT, { token });
    expect(member).toMatchObject({ id: before.id, version: before.version });
    expect((await at.read(row)).member_id).toBe(before.id);
  });

  it("is answered once when they accept twenty times at once: nothing but the token's own use stands in the way", async () => {
    const email = address();
    await at.invite(email);
    const token = tokenIn(await nextMail(email));
    await space.root.post(space.path("/members"), { email, first_name: "Ada", last_name: "King", role: "user" });
    const ada = await withAddress(email);
    const { id } = await ada.get<Member>(space.path("/members/me"));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ada.send<Member>("POST", ACCEPT, { body: { token } })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ problem }) => problem?.code === "token_used")).toHaveLength(19);
    expect(await at.audited("invite.accepted", id)).toHaveLength(1);
  });

  it("who left comes back as the invite says", async () => {
    const gone = await space.person({ role: "service_provider" });
    await space.root.delete(space.path(`/members/${gone.member.id}`));
    await at.invite(gone.email, { role: "user", duties: [{ duty: "desk" }] });
    const token = tokenIn(await nextMail(gone.email));
    expect((await gone.api.send("GET", space.path())).status).toBe(404);
    const member = await gone.api.post<Member>(ACCEPT, { token });
    expect(member).toMatchObject({ id: gone.member.id, role: "user", status: "active", left_at: null });
    expect(member.duties.map(({ duty }) => duty)).toEqual(["desk"]);
    expect((await gone.api.send("GET", space.path("/invites"))).status).toBe(200);
  });

  it("who left waits for the end of their erasure", async () => {
    const gone = await space.person();
    await space.root.delete(space.path(`/members/${gone.member.id}`));
    await at.invite(gone.email);
    const token = tokenIn(await nextMail(gone.email));
    await beErased(space.id, gone.member.id);
    const refused = await gone.api.refused("POST", ACCEPT, { body: { token } });
    expect(refused).toMatchObject({ status: 409, code: "illegal_transition" });
  });

  it("who is suspended stays out, and who belongs here by another address has no use for it", async () => {
    const email = address();
    await at.invite(email);
    const token = tokenIn(await nextMail(email));
    const ada = await space.person();
    const other = await withAddress(email, ada.sub);
    expect((await other.refused("POST", ACCEPT, { body: { token } })).code).toBe("already_member");
    await space.root.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "a test" });
    expect((await other.refused("POST", ACCEPT, { body: { token } })).code).toBe("membership_suspended");
    expect((await preview(token)).status).toBe(200);
  });
});
