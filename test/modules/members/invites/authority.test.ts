/** An invite works while whoever sent it may give what it gives; and it gives that to those who came by themselves, too. */

import { beforeAll, describe, expect, it } from "vitest";
import { Api } from "../../../support/api.ts";
import { ACCEPT, address, Inviting, withAddress } from "../../../support/invites.ts";
import { LiveSocket } from "../../../support/live.ts";
import { nextMail, tokenIn } from "../../../support/mail.ts";
import { set } from "../../../support/plans.ts";
import { makeSpace, type TestSpace, tokenFor } from "../../../support/space.ts";
import type { Invite, Member } from "../../../support/wire.ts";

let space: TestSpace;
let at: Inviting;
beforeAll(async () => {
  space = await makeSpace();
  at = new Inviting(space);
  await space.as("makerspace_admin");
});

/** An invite out of somebody's hands, and its token. */
async function sent(by: Api, more: object): Promise<{ row: Invite; token: string; guest: Api }> {
  const email = address();
  const row = await at.invite(email, more, by);
  return { row, token: tokenIn(await nextMail(email)), guest: await withAddress(email) };
}

describe("an invite of somebody", () => {
  it.each([
    ["who was removed", (id: string) => space.root.delete(space.path(`/members/${id}`))],
    ["who was suspended", (id: string) => space.root.post(space.path(`/members/${id}/suspend`), { reason: "a test" })],
    [
      "who has a lesser role now",
      (id: string) => space.root.post(space.path(`/members/${id}/role`), { role: "admin" }),
    ],
  ])("%s is dead until staff send it again", async (_, end) => {
    const maker = await space.person({ role: "makerspace_admin" });
    const { row, token, guest } = await sent(maker.api, { role: "makerspace_admin" });
    await end(maker.member.id);
    const refused = await guest.refused("POST", ACCEPT, { body: { token } });
    expect([refused.status, refused.code]).toEqual([410, "invite_withdrawn"]);
    expect((await guest.send("GET", space.path())).status).toBe(404);
    expect((await at.read(row)).status).toBe("pending");
    const admin = await space.as("makerspace_admin");
    expect((await at.step(admin.api, row, "resend")).body?.invited_by).toBe(admin.member.id);
    const fresh = tokenIn(await nextMail(row.email, 2));
    expect(await guest.post<Member>(ACCEPT, { token: fresh })).toMatchObject({ role: "makerspace_admin" });
  });

  it("who lost a duty gives it no more, but what they have still", async () => {
    const maker = await space.person({ duties: [{ duty: "desk" }, { duty: "maintainer" }] });
    const maintainer = await sent(maker.api, { duties: [{ duty: "maintainer" }] });
    const desk = await sent(maker.api, { duties: [{ duty: "desk" }] });
    await space.root.delete(space.path(`/members/${maker.member.id}/duties/maintainer`));
    expect((await maintainer.guest.refused("POST", ACCEPT, { body: { token: maintainer.token } })).code).toBe(
      "invite_withdrawn",
    );
    const member = await desk.guest.post<Member>(ACCEPT, { token: desk.token });
    expect(member.duties.map(({ duty }) => duty)).toEqual(["desk"]);
  });

  it("is used or dead when accepting races with the removal of its maker", async () => {
    for (let round = 0; round < 5; round++) {
      const maker = await space.person({ role: "makerspace_admin" });
      const { token, guest } = await sent(maker.api, { role: "makerspace_admin" });
      const [accepted, removed] = await Promise.all([
        guest.send<Member>("POST", ACCEPT, { body: { token } }),
        space.root.send("DELETE", space.path(`/members/${maker.member.id}`)),
      ]);
      expect(removed.status).toBe(204);
      expect([
        [200, undefined],
        [409, "conflict"],
        [410, "invite_withdrawn"],
      ]).toContainEqual([accepted.status, accepted.problem?.code]);
      const { status } = await guest.send("GET", space.path());
      expect(status).toBe(accepted.status === 200 ? 200 : 404);
    }
  });

  it("of the platform works by their right there, until they are removed as a member here", async () => {
    const root = await space.person();
    const api = new Api(await tokenFor(root.sub, ["super_admin"]));
    const [one, two] = [await sent(api, { role: "makerspace_admin" }), await sent(api, { role: "makerspace_admin" })];
    expect((await one.guest.post<Member>(ACCEPT, { token: one.token })).role).toBe("makerspace_admin");
    await space.root.delete(space.path(`/members/${root.member.id}`));
    expect((await two.guest.refused("POST", ACCEPT, { body: { token: two.token } })).code).toBe("invite_withdrawn");
  });

  it("by a program brings in members, nobody above them, and works while its account is not disabled", async () => {
    const path = space.path("/service_accounts");
    const account = await space.root.post<{ id: string }>(path, { name: "Desk", permissions: ["invites.manage"] });
    const { token: secret } = await space.root.post<{ token: string }>(space.path("/api_tokens"), {
      name: "a test",
      permissions: ["invites.manage"],
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      service_account_id: account.id,
    });
    const program = new Api(secret);
    const [one, two] = [await sent(program, {}), await sent(program, {})];
    expect(one.row.invited_by).toBe(account.id);
    for (const more of [
      { role: "admin" },
      { role: "service_provider" },
      { role: "user", duties: [{ duty: "desk" }] },
    ]) {
      const body = { email: address(), ...more };
      expect((await program.refused("POST", space.path("/invites"), { body })).code).toBe("grant_exceeds_own");
    }
    expect((await one.guest.post<Member>(ACCEPT, { token: one.token })).role).toBe("user");
    await space.root.delete(`${path}/${account.id}`);
    expect((await two.guest.refused("POST", ACCEPT, { body: { token: two.token } })).code).toBe("invite_withdrawn");
  });
});

describe("somebody who registered themselves before they accept", () => {
  const join = (api: Api) => api.post<Member>(space.path("/join"), { first_name: "Ada" });

  it.each([
    [true, "active"],
    [false, "pending"],
  ])("(let in at once: %s) gets the role and the duties of the invite", async (auto_approve_members, status) => {
    await set(space, "access", { public_registration: true, auto_approve_members });
    const { row, token, guest } = await sent(space.root, {
      role: "service_provider",
      duties: [{ duty: "trainer" }],
    });
    const before = await join(guest);
    expect(before).toMatchObject({ role: "user", status, duties: [] });
    const member = await guest.post<Member>(ACCEPT, { token });
    expect(member).toMatchObject({ id: before.id, role: "service_provider", status: "active" });
    expect(member.duties.map(({ duty }) => duty)).toEqual(["trainer"]);
    const read = await guest.get<Member>(space.path("/members/me"));
    expect(read).toMatchObject({ role: member.role, duties: member.duties, version: member.version });
    expect((await at.read(row)).member_id).toBe(member.id);
  });

  it("sees with their new rights at once: sockets that were open close", async () => {
    await set(space, "access", { public_registration: true, auto_approve_members: true });
    const more = await sent(space.root, { role: "service_provider" });
    const same = await sent(space.root, {});
    const open = async ({ guest }: typeof more) => {
      await join(guest);
      const socket = await LiveSocket.open(guest, space.path("/floor"));
      await socket.heard(/snapshot/);
      return socket;
    };
    const [raised, spared] = [await open(more), await open(same)];
    await same.guest.post(ACCEPT, { token: same.token });
    await more.guest.post(ACCEPT, { token: more.token });
    expect((await raised.closed).code).toBe(4403);
    // Whose invite gives nothing new watches on.
    expect(spared.socket?.readyState).toBe(WebSocket.OPEN);
  });

  it("keeps what staff gave them since: a higher role, and other duties", async () => {
    await set(space, "access", { public_registration: true, auto_approve_members: true });
    const { token, guest } = await sent(space.root, { role: "user", duties: [{ duty: "trainer" }] });
    const { id } = await join(guest);
    await space.root.post(space.path(`/members/${id}/role`), { role: "admin" });
    await space.root.must("PUT", space.path(`/members/${id}/duties/desk`), { body: {} });
    const member = await guest.post<Member>(ACCEPT, { token });
    expect(member.role).toBe("admin");
    expect(member.duties.map(({ duty }) => duty).sort()).toEqual(["desk", "trainer"]);
  });
});
