/** The feed of events: one order, thirty days, nothing personal. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { publicEventTypes } from "../../../src/modules/webhooks/public.ts";
import { newId } from "../../../src/platform/ids.ts";
import { DAY } from "../../../src/platform/time.ts";
import { tick } from "../../support/background.ts";
import { openApi } from "../../support/contract.ts";
import { makeScene } from "../../support/scene.ts";
import { makeSpace, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { PublicEvent, PublicEventPage } from "../../support/wire.ts";

/** Everything after one, page by page. */
async function events(space: TestSpace, query = "", after = ""): Promise<PublicEvent[]> {
  const found: PublicEvent[] = [];
  for (let from: string | null = after; from !== null; ) {
    const page: PublicEventPage = await space.root.get(
      space.path(`/events?limit=3${query}${from && `&after=${encodeURIComponent(from)}`}`),
    );
    found.push(...page.data);
    from = page.next_cursor;
  }
  return found;
}

const insert = (space: TestSpace, count: number, type: string, recorded_at = Date.now()) =>
  env.DB_000.prepare(
    `INSERT INTO event_feed (makerspace_id, seq, event_id, type, body, recorded_at)
     SELECT ?1, (SELECT coalesce(max(seq), 0) FROM event_feed WHERE makerspace_id = ?1) + key + 1, value, ?2,
       json_object('id', value, 'v', 1, 'type', ?2, 'makerspace_id', ?1, 'subject', json('{"type":"member","id":"x","version":1}'),
         'occurred_at', '2026-11-22T00:00:00.000Z', 'data', json('{}')), ?3
     FROM json_each(?4)`,
  )
    .bind(space.id, type, recorded_at, JSON.stringify(Array.from({ length: count }, newId)))
    .run();

describe("the feed", () => {
  it("tells what happened, oldest first, from where one left off, by type, without names", async () => {
    const { space, machine, ada } = await makeScene();
    const booked = await space.booked(ada.api, machine, { ...slotIn(24), purpose: "a gift for Ben" });
    await until("the booking", async () => (await events(space, "&type=reservation.created")).length > 0);
    await space.step(ada.api, booked, "cancel");
    const all = await until("the cancellation", async () => {
      const found = await events(space);
      return found.some(({ type }) => type === "reservation.cancelled") && found;
    });
    const created = all.find(({ type }) => type === "reservation.created");
    expect(created).toMatchObject({
      subject: { type: "reservation", id: booked.id },
      data: { equipment_id: machine.id, member_id: ada.member.id, status: "approved", starts_at: booked.starts_at },
    });
    // Other events come when they come: only those of one subject are in order.
    const both = "&type=reservation.cancelled&type=reservation.created";
    const typesAfter = async (id?: string) => (await events(space, both, id)).map(({ type }) => type);
    expect(await typesAfter(created?.id)).toEqual(["reservation.cancelled"]);
    expect(await typesAfter()).toEqual(["reservation.created", "reservation.cancelled"]);
    for (const word of [ada.email, ada.sub, "Byron", "gift"]) expect(JSON.stringify(all)).not.toContain(word);
  });

  it("is not open to members, and knows nothing of other makerspaces' events", async () => {
    const space = await makeSpace();
    const abroad = await makeSpace();
    await insert(abroad, 1, "member.added");
    const [there] = await events(abroad);
    const ada = await space.person();
    expect((await ada.api.refused("GET", space.path("/events"))).code).toBe("forbidden");
    expect((await space.root.refused("GET", space.path(`/events?after=${there?.id}`))).code).toBe("events_gone");
  });

  it("keeps thirty days, says when a place is gone, and never gives a number twice", async () => {
    const space = await makeSpace();
    await insert(space, 5, "member.removed", Date.now() - 31 * DAY);
    const old = await events(space, "&type=member.removed");
    expect(old).toHaveLength(5);
    await tick("quarter");
    // The newest stays until a newer one comes, so that the count goes on.
    expect((await events(space)).at(0)?.id).toBe(old.at(-1)?.id);
    expect((await space.root.refused("GET", space.path(`/events?after=${old[0]?.id}`))).code).toBe("events_gone");
    await insert(space, 1, "member.added");
    expect((await events(space, "", old.at(-1)?.id)).map(({ type }) => type)).toContain("member.added");
  });

  it("reads a page, not the table, also for a rare type", async () => {
    const space = await makeSpace();
    await insert(space, 5_000, "member.added");
    await insert(space, 1, "member.suspended");
    const plan = async (filter: string, after: number) => {
      const { meta } = await env.DB_000.prepare(
        `SELECT * FROM event_feed WHERE makerspace_id = ? ${filter} AND seq > ${after} ORDER BY seq LIMIT 11`,
      )
        .bind(space.id)
        .all();
      return meta.rows_read;
    };
    expect(await plan("", 2_500)).toBeLessThanOrEqual(11);
    expect(await plan("AND unlikely(type = 'member.suspended')", 0)).toBeLessThanOrEqual(2);
  });

  it("is described in the document, type by type", async () => {
    const { webhooks } = (await openApi()) as unknown as {
      webhooks: Record<string, { post: { requestBody: object } }>;
    };
    expect(Object.keys(webhooks).sort()).toEqual([...publicEventTypes].sort());
    for (const { post } of Object.values(webhooks)) expect(post).toMatchObject({ requestBody: { required: true } });
  });
});
