/** Events that nobody consumed: sent again by the clock. */

import { sql } from "drizzle-orm";
import { type Database, everyShard } from "./db/driver.ts";
import { outbox } from "./db/tables.ts";
import type { EventEnvelope } from "./events.ts";
import { sendEvents } from "./queue.ts";
import { MINUTE, SECOND } from "./time.ts";

/** An event is sent again when nobody consumed it for this long. */
const RESEND_AFTER = 2 * MINUTE;
const RESEND_MAX = 500;
/** A backlog is worked off for this long each minute. */
const RESEND_FOR = 30 * SECOND;

/** Sends what has lain in the outboxes for two minutes: a kill of the broker or a failed send loses nothing. */
export async function resendOutbox(now: number): Promise<number> {
  let sent = 0;
  const until = Date.now() + RESEND_FOR;
  for (const db of everyShard()) {
    for (let isMore = true; isMore && Date.now() < until; ) {
      const count = await resendSome(db, now);
      sent += count;
      isMore = count === RESEND_MAX;
    }
  }
  return sent;
}

async function resendSome(db: Database, now: number): Promise<number> {
  const due = await db
    .update(outbox)
    .set({ sent_at: now, attempts: sql`${outbox.attempts} + 1` })
    .where(
      sql`(${outbox.makerspace_id}, ${outbox.event_id}) IN (
          SELECT makerspace_id, event_id FROM outbox
          WHERE created_at < ${now - RESEND_AFTER} AND coalesce(sent_at, 0) < ${now - RESEND_AFTER + SECOND}
          ORDER BY created_at LIMIT ${RESEND_MAX})`,
    )
    .returning({ envelope: outbox.envelope });
  await sendEvents(due.map((row) => row.envelope as EventEnvelope));
  return due.length;
}
