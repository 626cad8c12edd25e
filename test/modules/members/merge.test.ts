/** Two records of one person become one. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { memberMoves } from "../../../src/app.ts";
import { moveOwn } from "../../../src/modules/members/merge/moves.ts";
import { HOUR } from "../../../src/platform/time.ts";
import { Api } from "../../support/api.ts";
import { makeScene } from "../../support/scene.ts";
import { makeSpace, makeTwoSpaces, signIn, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Equipment, Me, Member, Notification, Reservation } from "../../support/wire.ts";

/** Somebody whom staff added, and who never signed in. */
const added = (space: TestSpace, more: object = {}) =>
  space.root.post<Member>(space.path("/members"), {
    email: `${crypto.randomUUID()}@example.org`,
    first_name: "Ada",
    last_name: "Byron",
    role: "user",
    ...more,
  });

const merge = (space: TestSpace, into: { id: string }, from: { id: string }) =>
  space.root.send<Member>("POST", space.path(`/members/${into.id}/merge`), { body: { from_member_id: from.id } });

describe("two records of one person", () => {
  it("become one: sign-in, duties, labels, machines and messages come over, history stays and points on", async () => {
    const { space, machine, ada } = await makeScene();
    const booked = await space.booked(ada.api, machine, slotIn(24));
    await space.step(ada.api, booked, "cancel");
    await until("the message", async () => {
      const inbox = await ada.api.all<Notification>(space.path("/notifications"));
      return inbox.some(({ type }) => type === "reservation.cancelled");
    });
    await until("the row", async () => {
      const rows = await space.root.all<Reservation>(space.path(`/reservations?member_id=${ada.member.id}`));
      return rows[0]?.status === "cancelled";
    });
    const path = space.path(`/members/${ada.member.id}`);
    await space.root.patch(path, { tags: ["night"], phone: "+49 30 1" });
    await space.root.must("PUT", `${path}/duties/desk`, { body: {} });
    const owned = await space.machine({}, { owner_member_id: ada.member.id });
    const other = await added(space, { tags: ["founder"], duties: [{ duty: "trainer" }] });

    const { body: one } = await merge(space, other, ada.member);
    expect(one).toMatchObject({
      id: other.id,
      user_id: ada.sub,
      email: other.email,
      status: "active",
      phone: "+49 30 1",
      tags: ["founder", "night"],
      version: 2,
    });
    expect(one?.duties.map(({ duty }) => duty).sort()).toEqual(["desk", "trainer"]);
    expect(await space.root.get<Member>(space.path(`/members/${other.id}`))).toEqual({
      ...one,
      last_seen_at: expect.any(String),
    });
    expect(await ada.api.get<Member>(space.path("/members/me"))).toMatchObject({ id: other.id });
    expect((await ada.api.get<Me>("/api/v1/me")).memberships).toMatchObject([{ member_id: other.id }]);
    expect(await space.root.get<Equipment>(space.path(`/equipment/${owned.id}`))).toMatchObject({
      owner_member_id: other.id,
    });
    const inbox = await ada.api.all<Notification>(space.path("/notifications"));
    expect(inbox.map(({ type }) => type)).toContain("reservation.cancelled");
    expect(await space.root.get<Member>(path)).toMatchObject({
      status: "left",
      merged_into: other.id,
      user_id: null,
      duties: [],
      tags: [],
    });
    const history = await space.root.all<Reservation>(space.path(`/reservations?member_id=${ada.member.id}`));
    expect(history.map(({ id }) => id)).toEqual([booked.id]);
    expect((await space.root.refused("POST", `${path}/reactivate`)).code).toBe("illegal_transition");
    expect((await merge(space, ada.member, other)).problem?.code).toBe("illegal_transition");
  });

  it("leave nothing behind unsaid: every table that says whose a row is has a line", async () => {
    const { results } = await env.DB_000.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all<{
      name: string;
      sql: string;
    }>();
    const names =
      /^\s*\w*(member_ids?|merged_into)"? TEXT|REFERENCES "?members"? |[(,] *\w*(member_ids?|merged_into)"? TEXT/im;
    const there = results.filter(({ sql }) => names.test(sql)).map(({ name }) => name);
    expect(there).toEqual(expect.arrayContaining(["members", "equipment", "invites", "membership_transactions"]));
    const said = [moveOwn, ...memberMoves].flatMap(({ tables }) => Object.keys(tables)).sort();
    expect(said).toEqual(there.sort());
  });

  it("become one with what they wish to be told, what they have acknowledged, and without tokens", async () => {
    const space = await makeSpace();
    const ada = await space.person({ duties: [{ duty: "desk" }] });
    const preferences = space.path("/members/me/notification_preferences");
    await ada.api.patch(preferences, { digest: "weekly" });
    const news = await space.root.post<{ id: string }>(space.path("/announcements"), {
      title: "New doors",
      body: "They open to the left.",
      requires_acknowledgement: true,
    });
    await space.root.post(space.path(`/announcements/${news.id}/publish`));
    await ada.api.post(space.path(`/announcements/${news.id}/acknowledge`));
    const made = await ada.api.post<{ id: string; token: string }>(space.path("/api_tokens"), {
      name: "a test",
      permissions: ["equipment.read"],
      expires_at: new Date(Date.now() + HOUR).toISOString(),
    });
    const program = new Api(made.token);
    await program.get(space.path("/equipment"));
    const other = await added(space);
    expect((await merge(space, other, ada.member)).status).toBe(200);
    expect(await ada.api.get(preferences)).toMatchObject({ digest: "weekly" });
    expect(await ada.api.get(space.path(`/announcements/${news.id}`))).toMatchObject({
      acknowledged_at: expect.any(String),
    });
    expect((await program.refused("GET", space.path("/equipment"))).code).toBe("unauthenticated");
    const { revoked_at } = await space.root.get<{ revoked_at: string | null }>(space.path(`/api_tokens/${made.id}`));
    expect(revoked_at).not.toBeNull();
    const left = await Promise.all(
      ["notification_preferences", "announcement_readers", "notifications", "deferred_mails"].map((table) =>
        env.DB_000.prepare(`SELECT count(*) AS n FROM ${table} WHERE makerspace_id = ? AND member_id = ?`)
          .bind(space.id, ada.member.id)
          .first<number>("n"),
      ),
    );
    expect(left).toEqual([0, 0, 0, 0]);
  });

  it("stay two when both have signed in, when one is the other, or when one is of another makerspace", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [one, two] = [await home.person(), await home.person()];
    expect((await merge(home, one.member, two.member)).problem?.code).toBe("both_linked");
    expect((await merge(home, one.member, one.member)).problem?.code).toBe("unknown_reference");
    expect((await merge(home, one.member, await added(abroad))).problem?.code).toBe("unknown_reference");
    expect((await merge(home, await added(abroad), two.member)).problem?.code).toBe("not_found");
  });

  it("stay two while one of them is being erased", async () => {
    const space = await makeSpace();
    const [one, two] = [await added(space), await added(space)];
    await env.DB_000.prepare(
      `INSERT INTO erasures (makerspace_id, member_id, status, requested_by, requested_at, due_at, created_at, updated_at)
       VALUES (?, ?, 'running', 'x', 0, 9999999999999, 0, 0)`,
    )
      .bind(space.id, two.id)
      .run();
    expect((await merge(space, one, two)).problem?.code).toBe("illegal_transition");
  });

  it("wait until what is booked is over", async () => {
    const { space, machine, ada } = await makeScene();
    const booked = await space.booked(ada.api, machine, slotIn(24));
    const other = await added(space);
    await until("the row", async () => {
      const rows = await space.root.all<Reservation>(space.path(`/reservations?member_id=${ada.member.id}`));
      return rows.length === 1;
    });
    expect((await merge(space, other, ada.member)).problem?.code).toBe("has_open_reservations");
    expect((await space.step(ada.api, booked, "cancel")).status).toBe(200);
    await until("the merge", async () => (await merge(space, other, ada.member)).status === 200);
  });

  it("bring nobody back who left, and keep a suspension with its reason", async () => {
    const space = await makeSpace();
    const [gone, out] = [await space.person(), await space.person()];
    await gone.api.delete(space.path("/members/me"));
    const again = await added(space);
    const { body } = await merge(space, again, gone.member);
    expect(body).toMatchObject({ status: "pending", left_at: null, user_id: gone.sub });
    expect((await gone.api.refused("GET", space.path("/members/me"))).code).toBe("membership_pending");
    await space.root.post(space.path(`/members/${again.id}/approve`));
    expect(await gone.api.get(space.path("/members/me"))).toMatchObject({ id: again.id, status: "active" });
    const suspended = await space.root.post<Member>(space.path(`/members/${out.member.id}/suspend`), {
      reason: "Broken saw",
    });
    const stays = await merge(space, await added(space), out.member);
    const { suspended_at } = suspended;
    expect(suspended_at).not.toBeNull();
    expect(stays.body).toMatchObject({ status: "suspended", status_reason: "Broken saw", suspended_at });
    const { results } = await env.DB_000.prepare(
      "SELECT status, suspended_by IS NULL AS nobody FROM members WHERE makerspace_id = ? AND id IN (?, ?) ORDER BY id",
    )
      .bind(space.id, out.member.id, stays.body?.id ?? "")
      .all();
    expect(results).toEqual([
      { status: "left", nobody: 1 },
      { status: "suspended", nobody: 0 },
    ]);
  });

  it("keep the makerspace an administrator", async () => {
    const space = await makeSpace();
    const last = await space.as("makerspace_admin");
    const other = await added(space);
    expect((await merge(space, other, last.member)).problem?.code).toBe("last_administrator");
    expect(await space.root.get<Member>(space.path(`/members/${last.member.id}`))).toMatchObject({ status: "active" });
    await space.person({ role: "makerspace_admin" });
    expect((await merge(space, other, last.member)).body).toMatchObject({ role: "user", user_id: last.sub });
  });

  it("are merged once, however many do it at once, and nothing is lost on the way", async () => {
    const space = await makeSpace();
    const [one, two, three] = [await added(space), await added(space, { tags: ["a"] }), await added(space)];
    const answers = await Promise.all([
      merge(space, one, two),
      merge(space, three, two),
      merge(space, two, one),
      merge(space, one, two),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const rows = await space.root.all<Member>(space.path("/members"));
    expect(rows.filter(({ status }) => status === "left")).toHaveLength(1);
    const strays = await env.DB_000.prepare("SELECT count(*) AS count FROM member_tags WHERE makerspace_id = ?")
      .bind(space.id)
      .first<{ count: number }>();
    expect(strays?.count).toBe(1);
    expect((await (await signIn()).refused("GET", space.path())).code).toBe("not_found");
  });
});
