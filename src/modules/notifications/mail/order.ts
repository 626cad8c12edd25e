/** Notifications as mail: at once, or together when their time has come. */

import { and, asc, lte, sql } from "drizzle-orm";
import type { EventEnvelope } from "../../../platform/events.ts";
import { type EventMail, mailFor } from "../../../platform/mail/deliveries.ts";
import { type Round, type RoundDone, rounds } from "../../../platform/ops/rounds.ts";
import { MINUTE } from "../../../platform/time.ts";
import { deferredMails } from "../tables.ts";

/** What the template finds again: the notifications that the mail speaks of. */
export interface NotificationMailData {
  notification_ids: string[];
}

/** The mail that speaks of these notifications of one member. */
export const orderFor = (member_id: string, notification_ids: string[]): EventMail => ({
  template: "notification",
  recipient: `member:${member_id}`,
  subject: { type: "member", id: member_id },
  data: { notification_ids } satisfies NotificationMailData,
});

/** Who is just being told may be told a moment after the window: it waits until nobody adds to it any more. */
const SETTLED_AFTER = MINUTE;
const ROWS_PER_MESSAGE = 500;

/** One mail per member and window: its first notification is its cause, so that a second run orders nothing. */
async function orderDue({ store, now, looked_at, request_id }: Round): Promise<RoundDone> {
  const { due_at, member_id, notification_id } = deferredMails;
  const rows = await store.db
    .select({ due_at, member_id, notification_id })
    .from(deferredMails)
    .where(and(store.in(deferredMails), lte(due_at, looked_at - SETTLED_AFTER)))
    .orderBy(asc(due_at), asc(member_id), asc(notification_id))
    .limit(ROWS_PER_MESSAGE);
  const windows = [...Map.groupBy(rows, (row) => `${row.due_at}.${row.member_id}`)];
  const more = rows.length === ROWS_PER_MESSAGE;
  // The last window may go on behind the last row that was read; one that is longer than that goes in parts.
  const whole = more && windows.length > 1 ? windows.slice(0, -1) : windows;
  const orders = whole.map(([window, [first, ...others]]) => {
    const ids = [first, ...others].flatMap((row) => row?.notification_id ?? []);
    return { ...orderFor(first?.member_id ?? "", ids), cause: `window.${window}.${ids[0]}` };
  });
  const done = JSON.stringify(whole.flatMap(([, window]) => window));
  const events: EventEnvelope[] = [];
  return {
    writes: [
      ...mailFor({ id: "", request_id }, { store, now, sendAfter: (some) => void events.push(...some) }, orders),
      store.db.delete(deferredMails).where(
        store.in(
          deferredMails,
          sql`(${due_at}, ${member_id}, ${notification_id}) IN (
              SELECT value ->> 'due_at', value ->> 'member_id', value ->> 'notification_id' FROM json_each(${done}))`,
        ),
      ),
    ],
    more,
    events,
  };
}

/** Each minute: makerspaces with mail that waited for quiet hours or a digest. */
export const deferredMailRounds = rounds({
  name: "order_deferred_mails",
  schedule: "minute",
  type: "notification.mails_due",
  waiting: (db, now, limit) =>
    db.all<{ makerspace_id: string }>(sql`
      SELECT DISTINCT makerspace_id FROM ${deferredMails} INDEXED BY deferred_mails_due
      WHERE due_at <= ${now - SETTLED_AFTER} LIMIT ${limit}`),
  work: orderDue,
});
