/** Messages that the system writes to itself: one per makerspace, for cron tasks. */

import { asc, gt } from "drizzle-orm";
import { directory } from "./db/driver.ts";
import { makerspaces } from "./db/tables.ts";
import type { EventEnvelope, EventType } from "./events.ts";
import { newId } from "./ids.ts";
import { sendEvents } from "./queue.ts";

/** A message about a makerspace itself; nobody asked for it. */
export const messageTo = (makerspace_id: string, type: EventType, now: number): EventEnvelope => ({
  id: newId(),
  type,
  v: 1,
  makerspace_id,
  subject: { type: "makerspace", id: makerspace_id, version: 0 },
  actor_id: "cron",
  request_id: newId(),
  occurred_at: now,
  data: {},
});

const MAKERSPACES_PER_READ = 500;

/** Sends one message to every makerspace. Returns how many. */
export async function messageToAll(type: EventType, now: number): Promise<number> {
  let sent = 0;
  for (let after = ""; ; ) {
    const rows = await directory()
      .select({ id: makerspaces.id })
      .from(makerspaces)
      .where(gt(makerspaces.id, after))
      .orderBy(asc(makerspaces.id))
      .limit(MAKERSPACES_PER_READ);
    await sendEvents(rows.map(({ id }) => messageTo(id, type, now)));
    sent += rows.length;
    const last = rows.at(-1);
    if (!last || rows.length < MAKERSPACES_PER_READ) return sent;
    after = last.id;
  }
}
