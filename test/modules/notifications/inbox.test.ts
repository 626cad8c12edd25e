/** Inboxes: what is in them, what of it is new, and who hears of it at once. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Api } from "../../support/api.ts";
import { addCrowd, fillInboxes as fill } from "../../support/crowd.ts";
import { LiveSocket } from "../../support/live.ts";
import { makeScene } from "../../support/scene.ts";
import { makeSpace, makeTwoSpaces, type Person, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Notification } from "../../support/wire.ts";

const inbox = (space: TestSpace, api: Api, query = ""): Promise<Notification[]> =>
  api.all<Notification>(space.path(`/notifications${query}`));

/** Waits until this many are in the inbox; newest first. */
const arrived = (space: TestSpace, { api }: Person, count: number): Promise<Notification[]> =>
  until(`${count} notifications`, async () => {
    const found = await inbox(space, api);
    return found.length >= count && found;
  });

describe("an inbox", () => {
  it("counts what is unread, and is read one by one, all at once, or up to one", async () => {
    const { space, machine, ada, desk } = await makeScene();
    for (const hours of [24, 26, 28])
      await space.booked(desk.api, machine, { ...slotIn(hours), member_id: ada.member.id });
    const [newest, middle, oldest] = await arrived(space, ada, 3);
    const unread = () => ada.api.get(space.path("/notifications/unread"));
    expect(await unread()).toEqual({ unread: 3 });
    await ada.api.post(space.path(`/notifications/${middle?.id}/read`));
    expect(await unread()).toEqual({ unread: 2 });
    expect((await inbox(space, ada.api, "?unread=true")).map(({ id }) => id)).toEqual([newest?.id, oldest?.id]);
    expect((await inbox(space, ada.api, "?unread=false")).map(({ id }) => id)).toEqual([middle?.id]);
    const again = await ada.api.post<Notification>(space.path(`/notifications/${middle?.id}/unread`));
    expect(again.read_at).toBeNull();
    expect(await ada.api.post(space.path("/notifications/read_all"), { up_to: middle?.id })).toEqual({ unread: 1 });
    expect((await inbox(space, ada.api, "?unread=true")).map(({ id }) => id)).toEqual([newest?.id]);
    expect(await ada.api.post(space.path("/notifications/read_all"))).toEqual({ unread: 0 });
    expect((await inbox(space, ada.api)).every(({ read_at }) => read_at !== null)).toBe(true);
  });

  it("is filtered by type, and puts away what is deleted", async () => {
    const { space, machine, ada, desk } = await makeScene();
    const booked = await space.booked(desk.api, machine, { ...slotIn(24), member_id: ada.member.id });
    await arrived(space, ada, 1);
    await space.step(desk.api, booked, "cancel");
    const [cancelled, created] = await arrived(space, ada, 2);
    const types = async (query: string) => (await inbox(space, ada.api, query)).map(({ type }) => type);
    expect(await types("?type=reservation.cancelled")).toEqual(["reservation.cancelled"]);
    expect(await types("?type=reservation.cancelled&type=reservation.created&unread=true")).toEqual([
      "reservation.cancelled",
      "reservation.created",
    ]);
    expect(cancelled).toMatchObject({ category: "booking", title: "Your booking was cancelled", archived: false });
    await ada.api.delete(space.path(`/notifications/${created?.id}`));
    await ada.api.delete(space.path(`/notifications/${created?.id}`));
    expect(await types("")).toEqual(["reservation.cancelled"]);
    expect(await types("?archived=true")).toEqual(["reservation.created"]);
    expect(await ada.api.get(space.path("/notifications/unread"))).toEqual({ unread: 1 });
    await ada.api.post(space.path(`/notifications/${created?.id}/read`));
    expect(await types("?archived=true")).toEqual([]);
  });

  it("is one's own in every makerspace, on one list, and nobody else's", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const ada = await home.person();
    const there = await abroad.root.post<{ id: string }>(abroad.path("/members"), {
      user_id: ada.sub,
      email: ada.email,
      role: "user",
      first_name: "Ada",
      last_name: "Byron",
    });
    const ben = await home.person();
    await fill(home, [ada.member.id, ben.member.id], 2);
    await fill(abroad, [there.id], 1);
    const mine = await ada.api.all<Notification>("/api/v1/me/notifications?limit=2");
    expect(mine.map(({ makerspace_id }) => makerspace_id).sort()).toEqual([home.id, home.id, abroad.id].sort());
    expect(await ada.api.get("/api/v1/me/notifications/unread")).toEqual({ unread: 3 });
    const theirs = (await inbox(home, ben.api)).map(({ id }) => id);
    for (const id of theirs) {
      for (const [method, path] of [
        ["GET", ""],
        ["POST", "/read"],
        ["POST", "/unread"],
        ["DELETE", ""],
      ] as const)
        expect((await ada.api.refused(method, home.path(`/notifications/${id}${path}`))).code).toBe("not_found");
    }
    await ada.api.post(home.path("/notifications/read_all"));
    expect(await ben.api.get(home.path("/notifications/unread"))).toEqual({ unread: 2 });
  });

  it("reads a page, not the table: 10,000 members with ten notifications each, one of them rare", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const crowd = await addCrowd(space, 10_000);
    await fill(space, crowd, 10);
    await fill(space, [ada.member.id], 2_000);
    await fill(space, [ada.member.id], 1, "reservation.excused");
    const read = async (state: string, type: string) => {
      const { meta } = await env.DB_000.prepare(
        `SELECT * FROM notifications WHERE makerspace_id = ? AND unlikely(member_id = ?) AND unlikely(state = '${state}')
         ${type && `AND unlikely(type = '${type}')`} ORDER BY id DESC LIMIT 21`,
      )
        .bind(space.id, ada.member.id)
        .all();
      return meta.rows_read;
    };
    expect(await read("unread", "")).toBeLessThanOrEqual(42);
    expect(await read("unread", "reservation.excused")).toBeLessThanOrEqual(2);
    expect(await read("archived", "")).toBeLessThanOrEqual(1);
    expect(await ada.api.get(space.path("/notifications/unread"))).toEqual({ unread: 1_000 });
    const [rare] = await inbox(space, ada.api, "?type=reservation.excused");
    expect(rare?.type).toBe("reservation.excused");
  }, 120_000);
});

describe("a notification", () => {
  it("is heard at once on the sockets of its member, and on nobody else's", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const tablet = await space.tablet(machine);
    const floor = space.path("/floor");
    const [hers, hersToo, his, theirs] = await Promise.all([
      LiveSocket.open(ada.api, floor),
      LiveSocket.open(ada.api, floor),
      LiveSocket.open(ben.api, floor),
      LiveSocket.open(tablet.api, floor),
    ]);
    const booked = await space.booked(desk.api, machine, { ...slotIn(24), member_id: ada.member.id });
    for (const socket of [hers, hersToo]) {
      const heard = JSON.parse(await socket.heard(/"notification"/)) as object;
      expect(heard).toMatchObject({
        type: "notification",
        unread: 1,
        notification: { type: "reservation.created", subject: { type: "reservation", id: booked.id } },
      });
    }
    // What one device reads, the other learns.
    await ada.api.post(space.path("/notifications/read_all"));
    await hersToo.heard(/"unread":0,"notification":null/);
    // Both others have heard of the machine meanwhile, so they listen.
    await Promise.all([his, theirs].map((socket) => socket.heard(/"update"|"snapshot"/)));
    expect([...his.texts, ...theirs.texts].filter((text) => text.includes('"notification"'))).toEqual([]);
  });

  it("tells those who booked a machine that it is down, once each, and nobody when it is back", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const first = await space.booked(ada.api, machine, slotIn(24));
    await space.booked(ada.api, machine, slotIn(48));
    await space.booked(ben.api, machine, slotIn(24 * 9));
    const path = space.path(`/equipment/${machine.id}`);
    await space.root.patch(path, { status: "under_maintenance" });
    const told = await until("the notification", async () => {
      const found = await inbox(space, ada.api, "?type=equipment.down");
      return found.length > 0 && found;
    });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      subject: { type: "reservation", id: first.id },
      data: { equipment_id: machine.id, status: "under_maintenance", starts_at: first.starts_at },
    });
    await space.root.patch(path, { status: "available" });
    await until("the end of the outbox", async () => {
      const { results } = await env.DB_000.prepare("SELECT 1 FROM outbox WHERE makerspace_id = ?").bind(space.id).all();
      return results.length === 0;
    });
    expect(await inbox(space, ada.api, "?type=equipment.down")).toHaveLength(1);
    // Nine days are far off.
    expect(await inbox(space, ben.api, "?type=equipment.down")).toEqual([]);
  });

  it("tells the desk and safety of a suspended member who is at a machine, which runs on", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const safety = await space.as("safety");
    const sessions = space.path(`/equipment/${machine.id}/sessions`);
    const session = await ada.api.post<{ id: string }>(sessions, { planned_minutes: 30 });
    await until("the projection", async () => (await space.root.all(space.path("/sessions"))).length > 0);
    await space.root.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "unsafe" });
    await space.root.post(space.path(`/members/${ben.member.id}/suspend`), { reason: "unpaid" });
    for (const { api } of [desk, safety]) {
      const [alert, ...more] = await until("the alert", async () => {
        const found = await inbox(space, api, "?type=session.of_suspended");
        return found.length > 0 && found;
      });
      expect(more).toEqual([]);
      expect(alert).toMatchObject({
        category: "safety",
        subject: { type: "session", id: session.id },
        data: { equipment_id: machine.id, member_id: ada.member.id },
      });
    }
    const [running] = await space.root.all<{ status: string }>(space.path("/sessions"));
    expect(running?.status).toBe("active");
  });

  it("tells administrators once of bookings that no machine knows", async () => {
    const { space, machine, ada } = await makeScene();
    const { api } = await space.as("makerspace_admin");
    await space.booked(ada.api, machine, slotIn(24));
    await env.DB_000.prepare(
      `INSERT INTO reservations (makerspace_id, id, equipment_id, member_id, status, starts_at, ends_at, created_by, version, created_at, updated_at, projected_at)
       VALUES (?, 'lost', ?, ?, 'approved', 1, 2, 'x', 1, 1, 1, 1)`,
    )
      .bind(space.id, machine.id, ada.member.id)
      .run();
    const reconcile = async () => {
      const job = await api.post<{ id: string }>(space.path("/reconciliations"));
      await until("the job", async () => {
        const { status } = await api.get<{ status: string }>(space.path(`/jobs/${job.id}`));
        return status === "succeeded";
      });
    };
    await reconcile();
    const alerts = () => inbox(space, api, "?type=projection.orphans_found");
    const [alert] = await until("the alert", async () => {
      const found = await alerts();
      return found.length > 0 && found;
    });
    expect(alert).toMatchObject({ subject: { type: "equipment", id: machine.id }, data: { orphans: 1 } });
    await reconcile();
    expect(await alerts()).toHaveLength(1);
    expect(await inbox(space, ada.api, "?type=projection.orphans_found")).toEqual([]);
  });
});
