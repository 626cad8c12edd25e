/** Announcements: whom they concern, when, and who has read them. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import { HOUR, MINUTE } from "../../../src/platform/time.ts";
import type { Api } from "../../support/api.ts";
import { attempt, blackHole, deliver, outboxOf, tick } from "../../support/background.ts";
import { addCrowd } from "../../support/crowd.ts";
import { failingWrites, inWorld, through } from "../../support/faults.ts";
import { makeScene } from "../../support/scene.ts";
import { iso, makeSpace, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Announcement, Notification } from "../../support/wire.ts";

const draft = (space: TestSpace, more: object = {}): Promise<Announcement> =>
  space.root.post<Announcement>(space.path("/announcements"), {
    title: "New glasses",
    body: "Wear **them**.",
    ...more,
  });

const publish = (space: TestSpace, { id }: Announcement, body: object = {}): Promise<Announcement> =>
  space.root.post<Announcement>(space.path(`/announcements/${id}/publish`), body);

const list = async (space: TestSpace, api: Api, query = ""): Promise<string[]> =>
  (await api.all<Announcement>(space.path(`/announcements${query}`))).map(({ title }) => title);

const told = async (space: TestSpace, { id }: Announcement, count: number, seconds = 20): Promise<Announcement> =>
  until(
    `${count} told`,
    async () => {
      const found = await space.root.get<Announcement>(space.path(`/announcements/${id}`));
      return found.counts !== null && found.counts.told >= count && found;
    },
    seconds,
  );

describe("an announcement", () => {
  it("is a draft that nobody sees, is published to all, and is in every inbox", async () => {
    const { space, ada, ben } = await makeScene();
    const written = await draft(space);
    expect(written).toMatchObject({ status: "draft", audience: "all", counts: { told: 0 } });
    expect(await list(space, ada.api)).toEqual([]);
    const path = space.path(`/announcements/${written.id}`);
    expect((await ada.api.refused("GET", path)).code).toBe("not_found");
    expect((await ada.api.refused("POST", `${path}/publish`)).code).toBe("forbidden");
    expect((await ada.api.refused("GET", space.path("/announcements?status=draft"))).code).toBe("forbidden");
    await publish(space, written);
    await told(space, written, 3);
    for (const { api } of [ada, ben]) {
      expect(await list(space, api)).toEqual(["New glasses"]);
      const [notification] = await api.all<Notification>(space.path("/notifications?type=announcement.published"));
      expect(notification).toMatchObject({
        title: "New glasses",
        category: "announcement",
        subject: { id: written.id },
      });
    }
    expect((await ada.api.get<Announcement>(path)).counts).toBeNull();
    // Who comes later reads it as well.
    expect(await list(space, (await space.person()).api)).toEqual(["New glasses"]);
  });

  it("concerns those who booked a machine, or are on a plan, alone", async () => {
    const { space, machine, ada, ben } = await makeScene();
    await space.booked(ada.api, machine, slotIn(24));
    const plan = await space.root.post<{ id: string }>(space.path("/plans"), {
      name: "Day",
      price: { amount_minor: 0, currency: "EUR" },
    });
    await space.root.post(space.path(`/members/${ben.member.id}/memberships`), { plan_id: plan.id });
    await until("the projection", async () => {
      const rows = await ada.api.all(space.path("/reservations?member_id=me"));
      return rows.length > 0;
    });
    const ofMachine = await draft(space, { title: "Laser moves", audience: "equipment", audience_id: machine.id });
    const ofPlan = await draft(space, { title: "Day plan ends", audience: "plan", audience_id: plan.id });
    await publish(space, ofMachine);
    await publish(space, ofPlan);
    await told(space, ofMachine, 1);
    await told(space, ofPlan, 1);
    expect(await list(space, ada.api)).toEqual(["Laser moves"]);
    expect(await list(space, ben.api)).toEqual(["Day plan ends"]);
    expect((await ben.api.refused("GET", space.path(`/announcements/${ofMachine.id}`))).code).toBe("not_found");
    expect((await ben.api.refused("POST", space.path(`/announcements/${ofMachine.id}/acknowledge`))).code).toBe(
      "not_found",
    );
    const nowhere = { title: "x", body: "x", audience: "plan", audience_id: machine.id };
    expect((await space.root.refused("POST", space.path("/announcements"), { body: nowhere })).code).toBe(
      "unknown_reference",
    );
  });

  it("is acknowledged once, counted for staff, and then put away", async () => {
    const { space, ada, ben } = await makeScene();
    const safety = await draft(space, { title: "Safety first", requires_acknowledgement: true });
    await publish(space, safety);
    await told(space, safety, 3);
    const path = space.path(`/announcements/${safety.id}`);
    expect((await ada.api.refused("POST", `${path}/dismiss`)).code).toBe("illegal_transition");
    const first = await ada.api.post<Announcement>(`${path}/acknowledge`);
    expect(first.acknowledged_at).not.toBeNull();
    const [again] = await Promise.all(
      Array.from({ length: 5 }, () => ada.api.post<Announcement>(`${path}/acknowledge`)),
    );
    expect(again?.acknowledged_at).toBe(first.acknowledged_at);
    await ada.api.post(`${path}/dismiss`);
    expect(await list(space, ada.api)).toEqual([]);
    expect(await list(space, ben.api)).toEqual(["Safety first"]);
    expect((await space.root.get<Announcement>(path)).counts).toMatchObject({ acknowledged: 1, dismissed: 1 });
  });

  it("is published when its time comes, and ends by itself", async () => {
    const { space, ada } = await makeScene();
    const later = await draft(space, { expires_at: iso(Date.now() + 2 * HOUR) });
    const scheduled = await publish(space, later, { publish_at: iso(Date.now() + HOUR) });
    expect(scheduled.status).toBe("scheduled");
    await tick("minute");
    expect(await list(space, ada.api)).toEqual([]);
    const move = (column: string) =>
      env.DB_000.prepare(`UPDATE announcements SET ${column} = ? WHERE id = ?`)
        .bind(Date.now() - MINUTE, later.id)
        .run();
    const status = async () => (await space.root.get<Announcement>(space.path(`/announcements/${later.id}`))).status;
    await move("publish_at");
    await Promise.all([tick("minute"), tick("minute")]);
    await until("publication", async () => (await status()) === "published");
    await told(space, later, 3);
    expect(await list(space, ada.api)).toEqual(["New glasses"]);
    await move("expires_at");
    // Nobody reads it from that moment, whenever the clockwork comes.
    expect(await list(space, ada.api)).toEqual([]);
    await tick("minute");
    await until("the end", async () => (await status()) === "expired");
    const path = space.path(`/announcements/${later.id}`);
    expect(await space.root.refused("POST", `${path}/publish`)).toMatchObject({
      code: "illegal_transition",
      current_status: "expired",
    });
  });

  it("is withdrawn, and changes no more than its pin once people have read it", async () => {
    const { space, ada } = await makeScene();
    const [plain, pinned] = [await draft(space, { title: "Plain" }), await draft(space, { title: "Pinned" })];
    await publish(space, pinned);
    await publish(space, plain);
    expect(await list(space, ada.api)).toEqual(["Pinned", "Plain"]);
    const path = space.path(`/announcements/${plain.id}`);
    await space.root.patch(path, { pinned: true });
    expect(await list(space, ada.api, "?limit=1")).toEqual(["Plain", "Pinned"]);
    expect((await space.root.refused("PATCH", path, { body: { title: "Other" } })).code).toBe("illegal_transition");
    await space.root.post(`${path}/withdraw`);
    expect(await list(space, ada.api)).toEqual(["Pinned"]);
    expect(await list(space, space.root, "?status=withdrawn&status=published")).toEqual(["Pinned", "Plain"]);
  });

  it("of ten publications at once is published once", async () => {
    const { space, ada } = await makeScene();
    const written = await draft(space);
    const path = space.path(`/announcements/${written.id}/publish`);
    const answers = await Promise.all(Array.from({ length: 10 }, () => space.root.send("POST", path)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    await told(space, written, 3);
    expect(await ada.api.all(space.path("/notifications?type=announcement.published"))).toHaveLength(1);
  });

  it("whose page is made twice goes on as one", async () => {
    const space = await makeSpace();
    await addCrowd(space, 600);
    const written = await draft(space);
    const taken: EventEnvelope[] = [];
    await space.root
      .by(through({ EVENTS: blackHole() as Queue }))
      .post(space.path(`/announcements/${written.id}/publish`));
    const [root] = await outboxOf(space, "announcement.published");
    // Two brokers have it at once: both read the page before either has written it.
    await inWorld({ EVENTS: blackHole(taken) as Queue }, () =>
      Promise.all([deliver([root]), deliver([root]), deliver([root])]),
    );
    const next = taken.filter(({ type }) => type === "announcement.fan_out_due");
    expect(new Set(next.map(({ id }) => id)).size).toBe(1);
    expect(await outboxOf(space, "announcement.fan_out_due")).toHaveLength(1);
    await Promise.all([deliver(next), deliver(next)]);
    const counts = async () => (await space.root.get<Announcement>(space.path(`/announcements/${written.id}`))).counts;
    expect((await counts())?.told).toBe(600);
  });

  it("whose page cannot be written calls for no other, however often it comes", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const space = await makeSpace();
    await addCrowd(space, 600);
    const written = await draft(space);
    await space.root
      .by(through({ EVENTS: blackHole() as Queue }))
      .post(space.path(`/announcements/${written.id}/publish`));
    const [root] = await outboxOf(space, "announcement.published");
    const taken: EventEnvelope[] = [];
    const next = () => taken.filter(({ type }) => type === "announcement.fan_out_due");
    const EVENTS = blackHole(taken) as Queue;
    await inWorld({ EVENTS, DB_000: failingWrites() }, async () => {
      for (let attempts = 1; attempts <= 3; attempts++) await attempt(root, { attempts });
    });
    expect(next()).toEqual([]);
    await inWorld({ EVENTS }, () => deliver([root]));
    expect(next()).toHaveLength(1);
  });

  it("reaches everybody who booked a machine, however many bookings that are", async () => {
    const { space, machine } = await makeScene();
    const crowd = await addCrowd(space, 700);
    const first = Math.ceil(Date.now() / HOUR) * HOUR;
    // Those who book most come first.
    const rows = crowd.flatMap((member_id, index) =>
      Array.from({ length: index < 400 ? 6 : 1 }, (_, nth) => ({
        member_id,
        id: `${member_id}.${nth}`,
        at: index * 6 + nth,
      })),
    );
    for (let from = 0; from < rows.length; from += 1_000) {
      await env.DB_000.prepare(
        `INSERT INTO reservations (makerspace_id, id, equipment_id, member_id, status, starts_at, ends_at, created_by, projected_at, version, created_at, updated_at)
         SELECT ?, value ->> 'id', ?, value ->> 'member_id', 'approved', ? + (value ->> 'at') * 60000, ? + (value ->> 'at' + 1) * 60000, 'x', 1, 1, 1, 1
         FROM json_each(?)`,
      )
        .bind(space.id, machine.id, first, first, JSON.stringify(rows.slice(from, from + 1_000)))
        .run();
    }
    const written = await draft(space, { audience: "equipment", audience_id: machine.id });
    await publish(space, written);
    expect((await told(space, written, 700)).counts?.told).toBe(700);
  });

  it("is one of sixty that begin in the same minute: a message does fifty, another one the rest", async () => {
    const space = await makeSpace();
    const ids = Array.from({ length: 60 }, () => crypto.randomUUID());
    await env.DB_000.prepare(
      `INSERT INTO announcements (makerspace_id, id, title, body, audience, pinned, requires_acknowledgement, status, publish_at, created_by, version, created_at, updated_at)
       SELECT ?, value, 'x', 'x', 'all', 0, 0, 'scheduled', 1, 'x', 1, 1, 1 FROM json_each(?)`,
    )
      .bind(space.id, JSON.stringify(ids))
      .run();
    const left = async () => {
      const rows = env.DB_000.prepare("SELECT 1 FROM announcements WHERE makerspace_id = ? AND status = 'scheduled'");
      return (await rows.bind(space.id).all()).results.length;
    };
    const taken: EventEnvelope[] = [];
    const mine = () =>
      taken.splice(0).filter(({ type, makerspace_id }) => type === "announcements.due" && makerspace_id === space.id);
    await inWorld({ EVENTS: blackHole(taken) as Queue }, async () => {
      await tick("minute");
      await deliver(mine());
      expect(await left()).toBe(10);
      await deliver(mine());
      expect([await left(), mine()]).toEqual([0, []]);
    });
  });

  it("reaches ten thousand members, each once, and their lists read a page", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    await addCrowd(space, 10_000);
    const written = await draft(space);
    await publish(space, written);
    await told(space, written, 10_001, 150);
    const [row] = (
      await env.DB_000.prepare(
        "SELECT count(*) AS n, count(DISTINCT member_id) AS people FROM notifications WHERE makerspace_id = ? AND event_id = ?",
      )
        .bind(space.id, `announcement.${written.id}`)
        .all()
    ).results;
    expect(row).toEqual({ n: 10_001, people: 10_001 });
    // A message that comes twice tells nobody twice.
    const { results } = await env.DB_000.prepare(
      "SELECT event_id FROM processed_events WHERE makerspace_id = ? AND handler = 'announce'",
    )
      .bind(space.id)
      .all();
    expect(results.length).toBeGreaterThanOrEqual(20);
    await deliver([
      {
        id: crypto.randomUUID(),
        type: "announcement.published",
        v: 1,
        makerspace_id: space.id,
        subject: { type: "announcement", id: written.id, version: 2 },
        actor_id: "test",
        request_id: "test",
        occurred_at: Date.now(),
        data: { audience: "all", audience_id: null },
      },
    ]);
    expect(await ada.api.all(space.path("/notifications?type=announcement.published"))).toHaveLength(1);
    await env.DB_000.prepare(
      `INSERT INTO announcements (makerspace_id, id, title, body, audience, audience_id, pinned, requires_acknowledgement, status, published_at, created_by, version, created_at, updated_at)
       SELECT ?, 'a' || value, 'x', 'x', iif(value % 2, 'all', 'plan'), iif(value % 2, NULL, 'p'), 0, 0, 'published', 1, 'x', 1, 1, 1
       FROM json_each(?)`,
    )
      .bind(space.id, JSON.stringify(Array.from({ length: 5_000 }, (_, index) => index)))
      .run();
    const { meta } = await env.DB_000.prepare(
      `SELECT * FROM announcements a LEFT JOIN announcement_readers r ON r.makerspace_id = a.makerspace_id AND r.member_id = ? AND r.announcement_id = a.id
       WHERE a.makerspace_id = ? AND unlikely(a.audience = 'all') AND a.status = 'published' AND r.dismissed_at IS NULL
       ORDER BY a.pinned DESC, a.id DESC LIMIT 21`,
    )
      .bind(ada.member.id, space.id)
      .all();
    expect(meta.rows_read).toBeLessThanOrEqual(63);
    expect((await ada.api.get<{ data: unknown[] }>(space.path("/announcements?limit=20"))).data).toHaveLength(20);
  }, 240_000);
});
