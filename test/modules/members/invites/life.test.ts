/** The life of an invite: mailed again, taken back, over, remembered; what is not in the table of steps does not happen. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { MAILS_PER_DAY } from "../../../../src/modules/members/invites/limits.ts";
import { attemptsOf } from "../../../../src/platform/objects.ts";
import { DAY, MINUTE } from "../../../../src/platform/time.ts";
import { ACCEPT, address, Inviting, preview, withAddress } from "../../../support/invites.ts";
import { mailTo, nextMail, tokenIn } from "../../../support/mail.ts";
import { makeSpace, type TestSpace } from "../../../support/space.ts";
import type { Invite, Member } from "../../../support/wire.ts";

let space: TestSpace;
let at: Inviting;
beforeAll(async () => {
  space = await makeSpace();
  at = new Inviting(space);
});

describe("an open invite", () => {
  it("is mailed again with a new token for seven days, and the one before is dead", async () => {
    const email = address();
    const row = await at.invite(email);
    const before = tokenIn(await nextMail(email));
    await at.endsIn(row, DAY);
    const { status, body } = await at.step(space.root, row, "resend");
    expect(status).toBe(200);
    expect(Date.parse(body?.expires_at ?? "")).toBeGreaterThan(Date.now() + 7 * DAY - MINUTE);
    const after = tokenIn(await nextMail(email, 2));
    expect(after).not.toBe(before);
    expect([(await preview(before)).status, (await preview(after)).status]).toEqual([410, 200]);
  });

  it("is mailed ten times an hour, and no more", async () => {
    const email = address();
    const row = await at.invite(email);
    const answers: number[] = [];
    for (let times = 0; times < 10; times++) answers.push((await at.step(space.root, row, "resend")).status);
    // The mail of its making is the first of the ten.
    expect(answers).toEqual([...Array<number>(9).fill(200), 429]);
  });

  it("counts for the address, whichever invite mails it: neither taking back nor sending elsewhere begins anew", async () => {
    const email = address();
    for (let times = 0; times < 5; times++) {
      await at.step(space.root, await at.invite(email), "cancel");
      const elsewhere = await at.invite(address());
      const path = space.path(`/invites/${elsewhere.id}`);
      const back = await space.root.patch<Invite>(path, { email }, elsewhere.version);
      await at.step(space.root, back, "cancel");
    }
    const body = { email, role: "user" };
    const refused = await space.root.send("POST", space.path("/invites"), { body });
    expect([refused.status, refused.problem?.code]).toEqual([429, "rate_limited"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await mailTo(email)).toHaveLength(10);
    // Another makerspace has nothing to do with it.
    const abroad = await makeSpace();
    expect((await abroad.root.send("POST", abroad.path("/invites"), { body })).status).toBe(201);
  });

  it("is not mailed when the makerspace has sent its mails of the day", async () => {
    const busy = await makeSpace();
    const counter = attemptsOf(env.ATTEMPTS, `invite-mails:${busy.id}`);
    for (let mails = 1; mails < MAILS_PER_DAY; mails++) await counter.take(MAILS_PER_DAY, DAY);
    const invite = (email: string) =>
      busy.root.send<Invite>("POST", busy.path("/invites"), { body: { email, role: "user" } });
    const { body } = await invite(address());
    const refused = await invite(address());
    expect([refused.status, refused.problem?.code]).toEqual([429, "rate_limited"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(DAY / 1_000 - 600);
    const again = await busy.root.send("POST", busy.path(`/invites/${body?.id}/resend`));
    expect(again.status).toBe(429);
  });

  it("is taken back: its link is dead at once, and the address can be invited anew", async () => {
    const email = address();
    const row = await at.invite(email);
    const token = tokenIn(await nextMail(email));
    expect((await at.step(space.root, row, "cancel")).body?.status).toBe("cancelled");
    expect((await preview(token)).status).toBe(410);
    const somebody = await withAddress(email);
    expect((await somebody.refused("POST", ACCEPT, { body: { token } })).code).toBe("token_used");
    expect((await at.invite(email)).status).toBe("pending");
  });

  it("goes to no address that is invited or belongs here, and to no stale version", async () => {
    const [one, two] = [await at.invite(address()), await at.invite(address())];
    const patch = (email: string, if_match?: number) =>
      space.root.send<Invite>("PATCH", space.path(`/invites/${one.id}`), {
        body: { email },
        ...(if_match !== undefined && { if_match }),
      });
    expect((await patch(two.email)).problem?.code).toBe("already_invited");
    const { email } = await space.person();
    expect((await patch(email)).problem?.code).toBe("already_member");
    expect((await patch(address(), 7)).problem?.code).toBe("stale_version");
    expect((await patch(one.email)).body?.version).toBe(1);
  });

  it("is over after seven days: nobody accepts it, and the clockwork writes so, once", async () => {
    const email = address();
    const row = await at.invite(email);
    const token = tokenIn(await nextMail(email));
    await at.endsIn(row, -1);
    expect((await preview(token)).status).toBe(410);
    expect((await (await withAddress(email)).refused("POST", ACCEPT, { body: { token } })).code).toBe("token_used");
    await at.clockwork();
    await at.clockwork();
    const after = await at.read(row);
    expect(after).toMatchObject({ status: "expired", version: 2 });
    expect(await at.audited("invite.expired", row.id)).toEqual([{ actor_kind: "system", actor_id: "invites" }]);
  });

  it("that nobody accepted is deleted with its address after ninety days; one that was, or is open, stays", async () => {
    const [cancelled, expired, recent, open, used] = [
      await at.invite(address()),
      await at.invite(address()),
      await at.invite(address()),
      await at.invite(address()),
      await at.invite(address()),
    ];
    await at.step(space.root, cancelled, "cancel");
    await at.step(space.root, recent, "cancel");
    await at.endsIn(expired, -1);
    await at.clockwork();
    const guest = await withAddress(used.email);
    await guest.post(ACCEPT, { token: tokenIn(await nextMail(used.email)) });
    const age = (row: Invite, days: number) =>
      env.DB_000.prepare("UPDATE invites SET updated_at = ? WHERE makerspace_id = ? AND id = ?")
        .bind(Date.now() - days * DAY, space.id, row.id)
        .run();
    for (const row of [cancelled, expired, open, used]) await age(row, 91);
    await age(recent, 89);
    await at.clockwork();
    for (const { id } of [cancelled, expired])
      expect((await space.root.refused("GET", space.path(`/invites/${id}`))).code).toBe("not_found");
    for (const row of [recent, open, used]) expect((await at.read(row)).id).toBe(row.id);
    const plan = await env.DB_000.prepare(
      "EXPLAIN QUERY PLAN DELETE FROM invites WHERE status IN ('cancelled', 'expired') AND updated_at < ?",
    )
      .bind(0)
      .all<{ detail: string }>();
    expect(plan.results[0]?.detail).toMatch(/SEARCH invites USING .*invites_over/);
  });

  it("that is over makes room for another before the clockwork comes", async () => {
    const email = address();
    const row = await at.invite(email);
    await at.endsIn(row, -1);
    const next = await at.invite(email);
    expect(next.id).not.toBe(row.id);
    expect((await at.read(row)).status).toBe("expired");
  });

  it("is remembered to who has not answered two days before its end, once; both links work", async () => {
    const email = address();
    const row = await at.invite(email);
    const first = tokenIn(await nextMail(email));
    await at.clockwork();
    expect(await mailTo(email)).toHaveLength(1);
    await at.endsIn(row, 2 * DAY - MINUTE);
    await at.clockwork();
    const mail = await at.reminderTo(email);
    await at.clockwork();
    await at.clockwork();
    expect(await mailTo(email)).toHaveLength(2);
    expect(mail.subject).toBe(`Your invitation to ${space.makerspace.name} ends soon`);
    const second = tokenIn(mail);
    expect([(await preview(first)).status, (await preview(second)).status]).toEqual([200, 200]);
    const reminded = await at.read(row);
    expect(reminded).toMatchObject({ status: "pending", version: 1 });
    expect(reminded.reminded_at).not.toBeNull();
    const member = await (await withAddress(email)).post<Member>(ACCEPT, { token: first });
    expect(member.email).toBe(email);
    expect((await preview(second)).status).toBe(410);
  });
});

describe("the table of steps", () => {
  it("holds: what is not pending stays as it is", async () => {
    const accepted = await at.invite(address());
    await (await withAddress(accepted.email)).post(ACCEPT, { token: tokenIn(await nextMail(accepted.email)) });
    const cancelled = await at.invite(address());
    await at.step(space.root, cancelled, "cancel");
    const expired = await at.invite(address());
    await at.endsIn(expired, -1);
    await at.clockwork();
    for (const [row, status] of [
      [accepted, "accepted"],
      [cancelled, "cancelled"],
      [expired, "expired"],
    ] as const) {
      for (const what of ["resend", "cancel"]) {
        const { problem } = await at.step(space.root, row, what);
        expect([problem?.status, problem?.code, problem?.current_status]).toEqual([409, "illegal_transition", status]);
      }
      const patch = await space.root.refused("PATCH", space.path(`/invites/${row.id}`), { body: { email: address() } });
      expect(patch.code).toBe("illegal_transition");
      expect((await at.read(row)).status).toBe(status);
    }
  });

  it("holds when accepting races with taking back: one of them wins, and the member is there or not", async () => {
    for (let round = 0; round < 5; round++) {
      const row = await at.invite(address());
      const token = tokenIn(await nextMail(row.email));
      const somebody = await withAddress(row.email);
      const [accepted, cancelled] = await Promise.all([
        somebody.send<Member>("POST", ACCEPT, { body: { token } }),
        at.step(space.root, row, "cancel"),
      ]);
      const { status } = await at.read(row);
      expect([accepted.status === 200, cancelled.status === 200]).toEqual([
        status === "accepted",
        status === "cancelled",
      ]);
      expect((await somebody.send("GET", space.path())).status).toBe(status === "accepted" ? 200 : 404);
    }
  });
});
