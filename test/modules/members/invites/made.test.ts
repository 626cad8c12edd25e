/** Invites as staff make, send and list them. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { DAY } from "../../../../src/platform/time.ts";
import { address, Inviting } from "../../../support/invites.ts";
import { mailTo, nextMail, tokenIn } from "../../../support/mail.ts";
import { makeSpace, makeTwoSpaces, type TestSpace } from "../../../support/space.ts";
import type { Invite } from "../../../support/wire.ts";

let space: TestSpace;
let at: Inviting;
beforeAll(async () => {
  space = await makeSpace();
  at = new Inviting(space);
});

describe("an invite", () => {
  it("is answered without its token, and mailed with it", async () => {
    const email = address();
    const answer = await space.root.send<Invite>("POST", space.path("/invites"), {
      body: { email: email.toUpperCase(), role: "user", message: "See you on Friday", first_name: "Ada" },
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ email, role: "user", status: "pending", plan_id: null, version: 1 });
    expect(answer.headers.get("location")).toBe(space.path(`/invites/${answer.body?.id}`));
    const lives = Date.parse(answer.body?.expires_at ?? "") - Date.parse(answer.body?.created_at ?? "");
    expect(lives).toBe(7 * DAY);
    // It is there with the answer: nothing has to run first.
    const [mail] = await mailTo(email);
    if (!mail) throw new Error("no mail");
    const token = tokenIn(mail);
    expect(mail.text).toContain(`https://app.makrcave.test/invite?token=${token}`);
    expect(mail.text).toContain("> See you on Friday");
    expect(mail.subject).toContain(space.makerspace.name);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify(answer.body)).not.toContain(token);
  });

  it("has its token nowhere but in the mail: not in a list, a row, an event, the audit", async () => {
    const email = address();
    const row = await at.invite(email);
    const token = tokenIn(await nextMail(email));
    const admin = await space.as("makerspace_admin");
    const shown = [
      await admin.api.get(space.path(`/invites/${row.id}`)),
      await admin.api.get(space.path(`/invites?email=${email}`)),
      await admin.api.get(space.path("/mail_deliveries")),
    ];
    const tables = ["invites", "audit_log", "audit_details", "outbox", "mail_deliveries", "idempotency_keys", "jobs"];
    for (const table of tables) {
      const { results } = await env.DB_000.prepare(`SELECT * FROM ${table} WHERE makerspace_id = ?`)
        .bind(space.id)
        .all();
      shown.push(results);
    }
    shown.push((await env.DIRECTORY.prepare("SELECT * FROM invite_tokens").all()).results);
    expect(JSON.stringify(shown)).not.toContain(token);
    // Nor does the audit or an event know whose address it is.
    const told = await Promise.all(
      ["audit_log", "audit_details", "outbox"].map((table) =>
        env.DB_000.prepare(`SELECT * FROM ${table} WHERE makerspace_id = ?`).bind(space.id).all(),
      ),
    );
    expect(JSON.stringify(told.map(({ results }) => results))).not.toContain(email);
  });

  it("is not made for somebody who belongs here, nor twice for one address", async () => {
    const { email } = await space.person();
    expect((await space.root.refused("POST", space.path("/invites"), { body: { email, role: "user" } })).code).toBe(
      "already_member",
    );
    const other = address();
    await at.invite(other);
    const again = await space.root.refused("POST", space.path("/invites"), { body: { email: other, role: "user" } });
    expect(again.code).toBe("already_invited");
  });

  it("is made once by twenty who invite the same address at once", async () => {
    const email = address();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        space.root.send("POST", space.path("/invites"), { body: { email, role: "user" } }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    // Ten tries an hour go as far as the row.
    const codes = answers.flatMap(({ problem }) => problem?.code ?? []);
    expect(codes.filter((code) => code === "already_invited")).toHaveLength(9);
    expect(codes.filter((code) => code === "rate_limited")).toHaveLength(10);
    expect(await mailTo(email)).toHaveLength(1);
  });

  it("is remembered under its key, and mailed once", async () => {
    const email = address();
    const send = () =>
      space.root.send<Invite>("POST", space.path("/invites"), { body: { email, role: "user" }, key: `key-${email}` });
    const [first, second] = [await send(), await send()];
    expect(second.body?.id).toBe(first.body?.id);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(await mailTo(email)).toHaveLength(1);
  });

  it("gives nothing above what its maker has", async () => {
    const desk = await space.as("desk");
    const row = await at.invite(address(), {}, desk.api);
    expect(row.invited_by).toBe(desk.member.id);
    for (const body of [
      { email: address(), role: "admin" },
      { email: address(), role: "makerspace_admin" },
      { email: address(), role: "user", duties: [{ duty: "maintainer" }] },
    ]) {
      const { code } = await desk.api.refused("POST", space.path("/invites"), { body });
      expect(code).toBe("grant_exceeds_own");
    }
    // Nor may they turn such an invite on themselves, mail it or take it back.
    const above = await at.invite(address(), { role: "makerspace_admin" });
    const patch = await desk.api.refused("PATCH", space.path(`/invites/${above.id}`), { body: { email: desk.email } });
    expect(patch.code).toBe("grant_exceeds_own");
    expect((await at.step(desk.api, above, "resend")).problem?.code).toBe("grant_exceeds_own");
    expect((await at.step(desk.api, above, "cancel")).problem?.code).toBe("grant_exceeds_own");
  });

  it("names a plan of this makerspace or none", async () => {
    const body = { email: address(), role: "user", plan_id: crypto.randomUUID() };
    expect((await space.root.refused("POST", space.path("/invites"), { body })).code).toBe("unknown_reference");
  });
});

describe("a list of invites", () => {
  it("has filters and pages, and is for staff of this makerspace", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const emails = Array.from({ length: 7 }, address);
    const made: Invite[] = [];
    for (const email of emails) {
      made.push(await home.root.post<Invite>(home.path("/invites"), { email, role: "user" }));
    }
    await home.root.post(home.path(`/invites/${made[2]?.id}/cancel`));
    await home.root.post(home.path(`/invites/${made[5]?.id}/cancel`));
    const ids = async (query: string) =>
      (await home.root.all<Invite>(home.path(`/invites?limit=2${query}`))).map(({ id }) => id);
    const newest = [...made].reverse().map(({ id }) => id);
    const cancelled = [made[5]?.id, made[2]?.id];
    expect(await ids("")).toEqual(newest);
    expect(await ids("&status=cancelled")).toEqual(cancelled);
    expect(await ids("&status=pending")).toEqual(newest.filter((id) => !cancelled.includes(id)));
    expect(await ids("&status=cancelled&status=pending")).toEqual(newest);
    expect(await ids(`&email=${emails[3]?.toUpperCase()}`)).toEqual([made[3]?.id]);
    expect(await ids(`&email=${emails[3]}&status=cancelled`)).toEqual([]);
    expect(await abroad.root.all(abroad.path("/invites"))).toEqual([]);
    const foreign = abroad.path(`/invites/${made[0]?.id}`);
    expect((await abroad.root.refused("GET", foreign)).code).toBe("not_found");
    expect((await abroad.root.refused("POST", `${foreign}/cancel`)).code).toBe("not_found");
    const user = await home.as("user");
    expect((await user.api.refused("GET", home.path("/invites"))).code).toBe("forbidden");
  });

  it.each([
    ["status = ?", "invites_by_status", "status=? AND id<?"],
    ["email = ? AND status = 'pending'", "invites_by_email", "email=? AND status=? AND id<?"],
  ])("by %s reads a page, not the table", async (condition, index, seeks) => {
    const { results } = await env.DB_000.prepare(
      `EXPLAIN QUERY PLAN SELECT * FROM invites WHERE makerspace_id = ? AND ${condition} AND id < ? ORDER BY id DESC LIMIT 2`,
    )
      .bind(space.id, "x", "z")
      .all<{ detail: string }>();
    expect(results.map(({ detail }) => detail).join()).toContain(`${index} (makerspace_id=? AND ${seeks})`);
  });
});
