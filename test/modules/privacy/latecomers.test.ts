/** What comes in while a member is erased: written by an event that was under way, or told to a machine by facts that were read before. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { SECOND } from "../../../src/platform/time.ts";
import { deliver, outboxOf } from "../../support/background.ts";
import { fillInboxes } from "../../support/crowd.ts";
import { makeSpace, until } from "../../support/space.ts";
import { tracesOf } from "../../support/traces.ts";
import type { Erasure } from "../../support/wire.ts";

afterEach(() => {
  vi.useRealTimers();
});

it("is erased twenty seconds after the rest, not before, and the message waits in the outbox until then", async () => {
  const space = await makeSpace();
  const machine = await space.machine();
  const [ada, ben] = [await space.person(), await space.person()];
  const path = space.path(`/members/${ada.member.id}/erasure`);
  await space.root.must("POST", path);
  await until("the erasure", async () => (await space.root.get<Erasure>(path)).status === "done");

  const name = `late${crypto.randomUUID()}`;
  await fillInboxes(space, [ada.member.id, ben.member.id], 2);
  await runInDurableObject(env.EQUIPMENT.getByName(`${space.id}:${machine.id}`), (_, { storage }) => {
    storage.sql.exec(
      "INSERT INTO holders (member_id, first_name, last_name, hide_name) VALUES (?, ?, 'Byron', 0)",
      ada.member.id,
      name,
    );
  });
  const inboxes = async (): Promise<unknown> => {
    const rows = await env.DB_000.prepare(
      "SELECT member_id, count(*) AS n FROM notifications WHERE makerspace_id = ? AND type = 'reservation.created' GROUP BY member_id",
    )
      .bind(space.id)
      .all<{ member_id: string; n: number }>();
    return Object.fromEntries(rows.results.map(({ member_id, n }) => [member_id, n]));
  };
  const traces = () => tracesOf([name], { makerspace_id: space.id, machines: [machine] });
  const waiting = () => outboxOf(space, "erasure.late_due");

  await deliver(await waiting());
  expect(await traces()).toEqual([`object holders: ${name}`]);
  expect(await inboxes()).toEqual({ [ada.member.id]: 2, [ben.member.id]: 2 });
  expect(await waiting()).toHaveLength(1);

  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 21 * SECOND });
  await deliver(await waiting());
  expect(await traces()).toEqual([]);
  expect(await inboxes()).toEqual({ [ben.member.id]: 2 });
  expect(await waiting()).toEqual([]);
});
