/** Notifications by mail: at once, after quiet hours, as a digest, or not at all. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import { MINUTE } from "../../../src/platform/time.ts";
import { blackHole, deliver, tick } from "../../support/background.ts";
import { addCrowd, fillInboxes } from "../../support/crowd.ts";
import { faulty, inWorld } from "../../support/faults.ts";
import { mailTo } from "../../support/mail.ts";
import { makeScene, type Scene } from "../../support/scene.ts";
import { type Person, slotIn, until } from "../../support/space.ts";
import type { Notification } from "../../support/wire.ts";

const wish = ({ space }: Scene, { api }: Person, body: object) =>
  api.patch(space.path("/members/me/notification_preferences"), body);

/** Books and cancels far ahead, and waits until the inbox says so. */
async function cancelled(scene: Scene, hours: number): Promise<void> {
  const { space, machine, ada, desk } = scene;
  const before = (await ada.api.all<Notification>(space.path("/notifications?type=reservation.cancelled"))).length;
  const booked = await space.booked(desk.api, machine, { ...slotIn(hours), member_id: ada.member.id });
  await space.step(desk.api, booked, "cancel");
  await until("the cancellation", async () => {
    const found = await ada.api.all<Notification>(space.path("/notifications?type=reservation.cancelled"));
    return found.length > before;
  });
}

const mails = (person: Person, count: number) =>
  until(
    `${count} mails`,
    async () => {
      const found = await mailTo(person.email);
      return found.length >= count && found;
    },
    30,
  );

/** When mail of the makerspace waits until. */
const waiting = async ({ space }: Scene): Promise<number[]> => {
  const { results } = await env.DB_000.prepare("SELECT due_at FROM deferred_mails WHERE makerspace_id = ?")
    .bind(space.id)
    .all<{ due_at: number }>();
  return results.map((row) => row.due_at);
};

/** Everything in the inboxes waits for one window, which has come. */
const defer = ({ space }: Scene) =>
  env.DB_000.prepare(
    `INSERT INTO deferred_mails (makerspace_id, due_at, member_id, notification_id)
     SELECT makerspace_id, ?, member_id, id FROM notifications WHERE makerspace_id = ?`,
  )
    .bind(Date.now() - 2 * MINUTE, space.id)
    .run();

/** The window comes. */
const letTimePass = ({ space }: Scene) =>
  env.DB_000.prepare("UPDATE deferred_mails SET due_at = ? WHERE makerspace_id = ?")
    .bind(Date.now() - 2 * MINUTE, space.id)
    .run();

describe("a mail", () => {
  it("tells of one thing at once, with machine and time, and not of what is for the inbox alone", async () => {
    const scene = await makeScene();
    await cancelled(scene, 48);
    const [mail] = await mails(scene.ada, 1);
    expect(mail?.subject).toBe("Your booking was cancelled");
    for (const text of [mail?.text, mail?.html]) {
      expect(text).toContain(scene.machine.name);
      expect(text).toContain("Hello Ada,");
    }
    expect(mail?.text).toMatch(/From: \w{3}, \d+ \w{3} \d{4}, \d\d:\d\d (GMT\+[12]|CES?T)/);
    // The booking itself was told in the inbox.
    await scheduler.wait(1_500);
    expect(await mailTo(scene.ada.email)).toHaveLength(1);
  });

  it("is not sent to who does not want it, nor by a makerspace that mails nothing", async () => {
    const scene = await makeScene();
    const { space, machine, ben, desk } = scene;
    await wish(scene, scene.ada, { categories: [{ category: "booking", email: false }] });
    await cancelled(scene, 48);
    const { version } = await space.root.get<{ version: number }>(space.path("/settings/notifications"));
    await space.root.patch(space.path("/settings/notifications"), { email: false }, version);
    const booked = await space.booked(desk.api, machine, { ...slotIn(72), member_id: ben.member.id });
    await space.step(desk.api, booked, "cancel");
    await until("the inbox", async () => {
      const found = await ben.api.all<Notification>(space.path("/notifications?type=reservation.cancelled"));
      return found.length > 0;
    });
    await scheduler.wait(2_500);
    expect(await mailTo(scene.ada.email)).toEqual([]);
    expect(await mailTo(ben.email)).toEqual([]);
  });

  it("can be had without the inbox", async () => {
    const scene = await makeScene();
    const { space, machine, ada, desk } = scene;
    await wish(scene, ada, { types: [{ type: "reservation.created", in_app: false, email: true }] });
    await space.booked(desk.api, machine, { ...slotIn(48), member_id: ada.member.id });
    const [mail] = await mails(ada, 1);
    expect(mail?.subject).toBe("Your booking was made");
    expect(await ada.api.all<Notification>(space.path("/notifications"))).toEqual([]);
    expect(await ada.api.get(space.path("/notifications/unread"))).toEqual({ unread: 0 });
  });

  it("waits for a digest, which comes once, however often the clockwork runs, without what was read meanwhile", async () => {
    const scene = await makeScene();
    const { space, ada } = scene;
    await wish(scene, ada, { digest: "daily" });
    for (const hours of [48, 72, 96]) await cancelled(scene, hours);
    const due = await waiting(scene);
    expect(due).toHaveLength(3);
    expect(new Set(due).size).toBe(1);
    await tick("minute");
    await scheduler.wait(1_500);
    expect(await mailTo(ada.email)).toEqual([]);
    const [newest] = await ada.api.all<Notification>(space.path("/notifications?type=reservation.cancelled"));
    await ada.api.post(space.path(`/notifications/${newest?.id}/read`));
    await letTimePass(scene);
    await Promise.all([tick("minute"), tick("minute"), tick("minute")]);
    const [digest] = await mails(ada, 1);
    expect(digest?.subject).toBe(`2 notifications from ${space.makerspace.name}`);
    await tick("minute");
    await scheduler.wait(2_000);
    expect(await mailTo(ada.email)).toHaveLength(1);
    expect(await waiting(scene)).toEqual([]);
  });

  it("is a digest in parts when it is very long: nothing is forgotten", async () => {
    const scene = await makeScene();
    const { space, ada } = scene;
    await fillInboxes(space, [ada.member.id], 700);
    await defer(scene);
    await tick("minute");
    const subjects = (await mails(ada, 2)).map(({ subject }) => subject).sort();
    const { name } = space.makerspace;
    expect(subjects).toEqual([`200 notifications from ${name}`, `500 notifications from ${name}`]);
    expect(await waiting(scene)).toEqual([]);
  });

  it("of twelve hundred people in the same minute is ordered in a handful of statements", async () => {
    const scene = await makeScene();
    const { space } = scene;
    await fillInboxes(space, await addCrowd(space, 1_200), 1);
    await defer(scene);
    const taken: EventEnvelope[] = [];
    const mine = () =>
      taken
        .splice(0)
        .filter(({ type, makerspace_id }) => type === "notification.mails_due" && makerspace_id === space.id);
    let statements = 0;
    const database = faulty(env.DB_000, {
      before: (texts) => {
        statements += texts.length;
      },
    });
    let messages = 0;
    await inWorld({ EVENTS: blackHole(taken) as Queue, DB_000: database }, async () => {
      await tick("minute");
      for (let due = mine(); due.length > 0; due = mine()) {
        statements = 0;
        messages += 1;
        await deliver(due);
        expect(statements).toBeLessThan(20);
      }
    });
    expect(messages).toBe(3);
    const ordered = env.DB_000.prepare("SELECT count(*) AS n FROM mail_deliveries WHERE makerspace_id = ?").bind(
      space.id,
    );
    expect(await ordered.first("n")).toBe(1_200);
    expect(await waiting(scene)).toEqual([]);
  });

  it("waits for the end of quiet hours, but not when a machine is down", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    // Always quiet but for the minute that is an hour ago.
    const clock = (ms: number) =>
      new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", hour: "2-digit", minute: "2-digit" }).format(ms);
    const hour = 60 * MINUTE;
    await wish(scene, ada, { quiet_hours: { from: clock(Date.now() - hour), to: clock(Date.now() - hour - MINUTE) } });
    await cancelled(scene, 48);
    await space.booked(ada.api, machine, slotIn(24));
    await space.root.patch(space.path(`/equipment/${machine.id}`), { status: "offline" });
    const [down] = await mails(ada, 1);
    expect(down?.subject).toBe("A machine that you booked is down");
    expect(await waiting(scene)).toHaveLength(1);
    await letTimePass(scene);
    await tick("minute");
    const [rested] = await mails(ada, 2);
    expect(rested?.subject).toBe("Your booking was cancelled");
  });
});
