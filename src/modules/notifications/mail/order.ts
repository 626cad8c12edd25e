/** Notifications as mail: at once, or together when their time has come. */

import { and, asc, eq, lte, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { CronTask } from "../../../platform/cron.ts";
import { everyShard } from "../../../platform/db/driver.ts";
import type { EventEnvelope } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { type MailOrder, mailFor } from "../../../platform/mail/deliveries.ts";
import { type Consumers, type EventContext, sendEvents } from "../../../platform/queue.ts";
import { MINUTE } from "../../../platform/time.ts";
import type { MailMessageType } from "../events.ts";
import { deferredMails } from "../tables.ts";

/** What the template finds again: the notifications that the mail speaks of. */
export interface NotificationMailData {
  notification_ids: string[];
}

/** The mail that speaks of these notifications of one member. */
export const orderFor = (member_id: string, notification_ids: string[]): Omit<MailOrder, "cause"> => ({
  template: "notification",
  recipient: `member:${member_id}`,
  subject: { type: "member", id: member_id },
  data: { notification_ids } satisfies NotificationMailData,
});

/** Who is just being told may be told a moment after the window: it waits until nobody adds to it any more. */
const SETTLED_AFTER = MINUTE;
const ROWS_PER_MESSAGE = 500;
const MAKERSPACES_PER_RUN = 500;

/** Each minute: one message per makerspace with mail that waited for quiet hours or a digest. */
export const sendDeferredMails: CronTask = {
  name: "deferred_mails",
  schedule: "minute",
  async run(now) {
    let sent = 0;
    for (const db of everyShard()) {
      const due = await db
        .selectDistinct({ makerspace_id: deferredMails.makerspace_id })
        .from(deferredMails)
        .where(lte(deferredMails.due_at, now - SETTLED_AFTER))
        .limit(MAKERSPACES_PER_RUN);
      await sendEvents(due.map(({ makerspace_id }) => mailsDue(makerspace_id, now)));
      sent += due.length;
    }
    return sent;
  },
};

const mailsDue = (makerspace_id: string, now: number): EventEnvelope => ({
  id: newId(),
  type: "notification.mails_due",
  v: 1,
  makerspace_id,
  subject: { type: "makerspace", id: makerspace_id, version: 0 },
  actor_id: "cron",
  request_id: newId(),
  occurred_at: now,
  data: {},
});

/** One mail per member and window: the window is its cause, so that a second run orders nothing. */
async function orderDue(envelope: EventEnvelope, context: EventContext): Promise<BatchItem<"sqlite">[]> {
  const { store } = context;
  const { due_at, member_id, notification_id } = deferredMails;
  const rows = await store.db
    .select({ due_at, member_id, notification_id })
    .from(deferredMails)
    .where(and(store.in(deferredMails), lte(due_at, envelope.occurred_at - SETTLED_AFTER)))
    .orderBy(asc(due_at), asc(member_id))
    .limit(ROWS_PER_MESSAGE);
  // The last window may go on behind the last row that was read.
  const last = rows.length === ROWS_PER_MESSAGE ? rows.at(-1) : undefined;
  const windows = Map.groupBy(rows, (row) => `${row.due_at}.${row.member_id}`);
  const isWhole = (key: string): boolean => windows.size === 1 || key !== (last && `${last.due_at}.${last.member_id}`);
  const statements: BatchItem<"sqlite">[] = [];
  for (const [key, window] of windows) {
    const [first] = window;
    if (!first || !isWhole(key)) continue;
    const order = orderFor(
      first.member_id,
      window.map((row) => row.notification_id),
    );
    statements.push(...(await mailFor({ ...envelope, id: `window.${key}` }, context, [order])));
    const done = sql`(SELECT value FROM json_each(${JSON.stringify(window.map((row) => row.notification_id))}))`;
    statements.push(
      store.db
        .delete(deferredMails)
        .where(
          store.in(
            deferredMails,
            eq(due_at, first.due_at),
            eq(member_id, first.member_id),
            sql`${notification_id} IN ${done}`,
          ),
        ),
    );
  }
  return statements;
}

/** Handles the minute's message of one makerspace. */
export const deferredMailConsumers: Consumers<MailMessageType> = {
  "notification.mails_due": [{ name: "order_deferred_mails", handle: orderDue }],
};
