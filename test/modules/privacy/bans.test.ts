/** Bans: nobody who is banned comes in by any door, and nobody can tell from a ban of whom it is. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { faulty, through } from "../../support/faults.ts";
import { ACCEPT, Inviting, withAddress } from "../../support/invites.ts";
import { nextMail, tokenIn } from "../../support/mail.ts";
import { makeSpace, makeTwoSpaces, type TestSpace, until } from "../../support/space.ts";
import { tracesOf } from "../../support/traces.ts";
import type { Ban, Erasure, Invite, Job, Member } from "../../support/wire.ts";

const open = (space: TestSpace) =>
  space.root.patch(space.path("/settings/access"), { public_registration: true, auto_approve_members: true }, 1);

const ban = (space: TestSpace, who: object, more: object = {}): Promise<Ban> =>
  space.root.post<Ban>(space.path("/bans"), { ...who, reason_code: "safety", ...more });

const address = (): string => `zq${crypto.randomUUID()}@example.org`;

const added = (space: TestSpace, email: string) =>
  space.root.send<Member>("POST", space.path("/members"), {
    body: { email, first_name: "Ada", last_name: "", role: "user" },
  });

describe("a ban", () => {
  it("removes the member, and keeps them out by every door: registering, adding, importing, inviting, accepting, letting back in", async () => {
    const space = await makeSpace();
    await open(space);
    const email = address();
    const inviting = new Inviting(space);
    const invited = await inviting.invite(email);
    const token = tokenIn(await nextMail(email));
    const other = await inviting.invite(address());
    const person = await withAddress(email);
    const member = await person.post<Member>(space.path("/join"), { first_name: "Ada" });
    await ban(space, { member_id: member.id });
    expect((await person.refused("GET", space.path())).code).toBe("not_found");

    const path = space.path(`/members/${member.id}`);
    const waiting = await added(space, address());
    const { api: sameAccount } = { api: person };
    const refusals = {
      join: await sameAccount.refused("POST", space.path("/join"), { body: { first_name: "Ada" } }),
      reactivate: await space.root.refused("POST", `${path}/reactivate`),
      invite: await space.root.refused("POST", space.path("/invites"), {
        body: { email: email.toUpperCase(), role: "user" },
      }),
      resend: await space.root.refused("POST", space.path(`/invites/${invited.id}/resend`)),
      readdress: await space.root.refused("PATCH", space.path(`/invites/${other.id}`), {
        body: { email },
        if_match: 1,
      }),
      accept: await person.refused("POST", ACCEPT, { body: { token } }),
    };
    expect(Object.entries(refusals).map(([door, { code }]) => `${door} ${code}`)).toEqual(
      Object.keys(refusals).map((door) => `${door} banned`),
    );
    // The record of a removed member has the address still; once it is erased, the hash alone knows it.
    await space.root.must("POST", `${path}/erasure`);
    await until("the erasure", async () => (await space.root.get<Erasure>(`${path}/erasure`)).status === "done");
    expect((await added(space, email)).problem?.code).toBe("banned");
    expect((await person.refused("POST", space.path("/join"), { body: { first_name: "Ada" } })).code).toBe("banned");
    const readdressed = space.root.refused("PATCH", space.path(`/members/${waiting.body?.id}`), { body: { email } });
    expect((await readdressed).code).toBe("banned");
    const { id } = await space.root.post<Job>(space.path("/members/import"), {
      csv: `email,first_name\n${email},Ada\n${address()},Ben\n`,
    });
    const job = await until("the import", async () => {
      const now = await space.root.get<Job>(space.path(`/jobs/${id}`));
      return now.status === "succeeded" && now;
    });
    expect(job.result).toMatchObject({ rows: 2, ok: 1, refused: 1 });
  });

  it("knows the account as well: another address does not help", async () => {
    const space = await makeSpace();
    await open(space);
    const sub = `sub-${crypto.randomUUID()}`;
    const first = await withAddress(address(), sub);
    const { id } = await first.post<Member>(space.path("/join"), { first_name: "Ada" });
    await ban(space, { member_id: id });
    await space.root.must("POST", space.path(`/members/${id}/erasure`));
    await until(
      "the erasure",
      async () => (await space.root.get<Erasure>(space.path(`/members/${id}/erasure`))).status === "done",
    );
    const again = await withAddress(address(), sub);
    expect((await again.refused("POST", space.path("/join"), { body: { first_name: "Ada" } })).code).toBe("banned");
  });

  it("keeps keyed hashes alone: nothing of the person is left, and no other makerspace has the same hash", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const email = address();
    await ban(home, { email });
    await ban(abroad, { email });
    const { results } = await env.DB_000.prepare("SELECT * FROM bans WHERE makerspace_id IN (?, ?)")
      .bind(home.id, abroad.id)
      .all<{ email_digest: string }>();
    expect(new Set(results.map((row) => row.email_digest)).size).toBe(2);
    expect(await tracesOf([email], { makerspace_id: home.id, machines: [] })).toEqual([]);
    const listed = JSON.stringify(await home.root.all<Ban>(home.path("/bans")));
    for (const { email_digest } of results) expect(listed).not.toContain(email_digest);
    expect((await added(home, email)).problem?.code).toBe("banned");
    expect((await home.root.refused("POST", home.path("/bans"), { body: { email, reason_code: "other" } })).code).toBe(
      "already_banned",
    );
  });

  it("ends when it is lifted, or when its time is over", async () => {
    const space = await makeSpace();
    const [one, two] = [address(), address()];
    const { id } = await ban(space, { email: one });
    await space.root.delete(space.path(`/bans/${id}`));
    expect((await added(space, one)).status).toBe(201);
    const soon = await ban(space, { email: two }, { until: new Date(Date.now() + 60_000).toISOString() });
    expect((await added(space, two)).problem?.code).toBe("banned");
    await env.DB_000.prepare("UPDATE bans SET until = ? WHERE id = ?")
      .bind(Date.now() - 1, soon.id)
      .run();
    expect((await added(space, two)).status).toBe(201);
    await ban(space, { email: two });
  });

  it("is for those who may, and for nobody above them, nor for oneself", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [safety, admin, desk] = [await home.as("safety"), await home.as("makerspace_admin"), await home.as("desk")];
    const banned = (member_id: string) => ({ body: { member_id, reason_code: "conduct" } });
    expect((await safety.api.refused("POST", home.path("/bans"), banned(admin.member.id))).code).toBe("forbidden");
    expect((await safety.api.refused("POST", home.path("/bans"), banned(safety.member.id))).code).toBe("forbidden");
    expect((await desk.api.refused("POST", home.path("/bans"), banned(safety.member.id))).code).toBe("forbidden");
    const treasurer = await home.as("treasurer");
    expect((await safety.api.refused("POST", home.path("/bans"), banned(treasurer.member.id))).code).toBe("forbidden");
    const far = await abroad.person();
    expect((await home.root.refused("POST", home.path("/bans"), banned(far.member.id))).code).toBe("not_found");
    expect((await home.root.refused("POST", home.path("/bans"), banned(admin.member.id))).code).toBe(
      "last_administrator",
    );
    const invite = await new Inviting(home).invite(address());
    await ban(home, { email: invite.email });
    expect((await home.root.get<Invite>(home.path(`/invites/${invite.id}`))).status).toBe("pending");
  });
});

describe("a ban that comes between the look at somebody and the write that lets them in", () => {
  const banningFirst = (space: TestSpace, email: string): Partial<Env> => {
    const state = { isBanned: false };
    const before = async (statements: readonly string[]): Promise<void> => {
      if (state.isBanned || !statements.some((text) => /insert into "?(members|invites)"?/i.test(text))) return;
      state.isBanned = true;
      await ban(space, { email });
    };
    return { DB_000: faulty(env.DB_000, { before }) };
  };

  it("counts: nobody is added, registered or invited", async () => {
    const space = await makeSpace();
    await open(space);
    const body = { first_name: "Ada", last_name: "", role: "user" };
    const [one, two, three] = [address(), address(), address()];
    const slow = (email: string) => through(banningFirst(space, email));
    const refusals = [
      await space.root.by(slow(one)).refused("POST", space.path("/members"), { body: { ...body, email: one } }),
      await (await withAddress(two))
        .by(slow(two))
        .refused("POST", space.path("/join"), { body: { first_name: "Ada" } }),
      await space.root
        .by(slow(three))
        .refused("POST", space.path("/invites"), { body: { email: three, role: "user" } }),
    ];
    expect(refusals.map(({ code }) => code)).toEqual(["banned", "banned", "banned"]);
    expect(await space.root.all<Ban>(space.path("/bans"))).toHaveLength(3);
  });
});
