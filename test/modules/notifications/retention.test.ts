/** Notifications are kept for ninety days. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { cronTasks } from "../../../src/background.ts";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import { firstIdOf, newId } from "../../../src/platform/ids.ts";
import { DAY } from "../../../src/platform/time.ts";
import { blackHole, deliver } from "../../support/background.ts";
import { inWorld } from "../../support/faults.ts";
import { makeScene } from "../../support/scene.ts";
import type { Notification } from "../../support/wire.ts";

it("ids sort as their times do, also in the year 10000", () => {
  const id = newId();
  const born = Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
  expect([firstIdOf(born) <= id, id < firstIdOf(born + 1)]).toEqual([true, true]);
  expect(firstIdOf(0) < firstIdOf(1) && firstIdOf(Date.now()) < firstIdOf(253_402_300_800_000)).toBe(true);
});

it("what is older goes by night, whatever its state, page by page; what still waits for its mail stays until that is ordered", async () => {
  const { space, ada } = await makeScene();
  const born = (days: number) => {
    const rest = newId().slice(13);
    return `${firstIdOf(Date.now() - days * DAY)}${rest}`;
  };
  const old = Array.from({ length: 1_500 }, () => born(91));
  const waits = born(200);
  const kept = [waits, born(89), born(1)];
  await env.DB_000.prepare(
    `INSERT INTO notifications (makerspace_id, id, member_id, event_id, type, subject_type, subject_id, data, state, version, created_at, updated_at)
     SELECT ?, value, ?, value, 'reservation.created', 'reservation', 'x', '{}', iif(key % 2, 'unread', 'archived'), 1, 1, 1 FROM json_each(?)`,
  )
    .bind(space.id, ada.member.id, JSON.stringify([...old, ...kept]))
    .run();
  await env.DB_000.prepare(
    "INSERT INTO deferred_mails (makerspace_id, due_at, member_id, notification_id) VALUES (?, 1, ?, ?)",
  )
    .bind(space.id, ada.member.id, waits)
    .run();
  const taken: EventEnvelope[] = [];
  const mine = () =>
    taken
      .splice(0)
      .filter(({ type, makerspace_id }) => type === "notifications.tidy_due" && makerspace_id === space.id);
  const messages = await inWorld({ EVENTS: blackHole(taken) as Queue }, async () => {
    await cronTasks.find(({ name }) => name === "tidy_inboxes")?.run(Date.now());
    let count = 0;
    for (let due = mine(); due.length > 0; due = mine()) {
      await deliver(due);
      count += 1;
    }
    return count;
  });
  expect(messages).toBe(2);
  const { results } = await env.DB_000.prepare("SELECT id FROM notifications WHERE makerspace_id = ? ORDER BY id")
    .bind(space.id)
    .all<{ id: string }>();
  expect(results.map(({ id }) => id)).toEqual(kept.sort());
  const open = await ada.api.all<Notification>(space.path("/notifications?archived=true"));
  expect(open.length + (await ada.api.all<Notification>(space.path("/notifications"))).length).toBe(3);
});
