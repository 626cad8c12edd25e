/** From an event to what single people are told of it: by their preferences, once each. */

import { asc, eq, gt, ne } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { insertAll } from "../../platform/db/insert-all.ts";
import type { EventEnvelope } from "../../platform/events.ts";
import { newId } from "../../platform/ids.ts";
import { type EventMail, mailFor } from "../../platform/mail/deliveries.ts";
import type { EventContext, EventHandler, HandlerContext } from "../../platform/queue.ts";
import { loadSystemSpace } from "../../platform/system-space.ts";
import { contactsOf } from "../members/index.ts";
import { settingsSource } from "../settings/index.ts";
import { isType, type NotificationTypeName } from "./catalogue.ts";
import { pushArrivals } from "./inbox/live.ts";
import { orderFor } from "./mail/order.ts";
import { channelsFor, mailWaitsUntil, noPreferences } from "./model.ts";
import { preferencesOf } from "./preferences/service.ts";
import { deferredMails, notifications } from "./tables.ts";

/** What one person is told: never who else was concerned. */
export interface Told {
  /** The event's own type unless told. */
  type?: NotificationTypeName;
  member_id: string;
  subject: { type: string; id: string };
  data: Record<string, unknown>;
}

/** Whom an event concerns, and what each of them learns. */
type Whom = (envelope: EventEnvelope, context: EventContext) => Told[] | Promise<Told[]>;

/** @throws Error for what the catalogue does not know: a mistake of ours */
function typeFor(name: string): NotificationTypeName {
  if (!isType(name)) throw new Error(`${name} is not in the catalogue of notifications`);
  return name;
}

/** How a member is told of one thing. */
interface Route {
  in_app: boolean;
  /** The mail goes at once, waits until then (epoch milliseconds), or is not wanted. */
  email: "now" | number | null;
}

/** By what each member wants and what the makerspace allows; zones are read only where a mail may have to wait. */
async function routesFor({ store, now }: EventContext, told: readonly (Told & { type: NotificationTypeName })[]) {
  const ids = [...new Set(told.map((one) => one.member_id))];
  const wanted = await preferencesOf(store, ids);
  const wants = (member_id: string) => wanted.get(member_id) ?? noPreferences;
  const mailed = told.some(({ type, member_id }) => channelsFor(type, wants(member_id)).email);
  const work = { actor_id: "notifications", request_id: newId(), now };
  const space = mailed ? await loadSystemSpace(store, settingsSource, work) : null;
  const settings = space?.settings;
  const waiting = ids.filter((id) => wants(id).quiet_hours !== null || wants(id).digest !== "off");
  const contacts = settings && waiting.length > 0 ? await contactsOf(store, waiting) : [];
  const zones = new Map(contacts.map(({ id, timezone }) => [id, timezone]));
  return ({ type, member_id, data }: Told & { type: NotificationTypeName }): Route => {
    const { in_app, email } = channelsFor(type, wants(member_id));
    if (!email || !settings?.sections.notifications.email) return { in_app, email: null };
    const zone = zones.get(member_id) ?? settings.timezone;
    return { in_app, email: mailWaitsUntil(type, data, wants(member_id), zone, now) ?? "now" };
  };
}

/** What these people are told, for one batch: rows of their inboxes, mail that is due, mail that waits. */
export async function notify(
  envelope: EventEnvelope,
  context: HandlerContext,
  everybody: readonly Told[],
): Promise<BatchItem<"sqlite">[]> {
  const { store, now } = context;
  const told = everybody.map((one) => ({ ...one, type: typeFor(one.type ?? envelope.type) }));
  const routeOf = await routesFor(context, told);
  const rows: (typeof notifications.$inferSelect)[] = [];
  const waiting: (typeof deferredMails.$inferSelect)[] = [];
  const orders: EventMail[] = [];
  for (const one of told) {
    const { in_app, email } = routeOf(one);
    if (!in_app && email === null) continue;
    const { type, member_id, subject, data } = one;
    const id = newId();
    rows.push(
      store.row({
        id,
        member_id,
        event_id: envelope.id,
        type,
        subject_type: subject.type,
        subject_id: subject.id,
        data,
        read_at: null,
        version: 1,
        created_at: now,
        updated_at: now,
        state: in_app ? ("unread" as const) : ("hidden" as const),
      }),
    );
    if (email === "now") orders.push(orderFor(member_id, [id]));
    else if (email !== null) waiting.push(store.row({ due_at: email, member_id, notification_id: id }));
  }
  return [
    ...insertAll(store, notifications, rows),
    ...insertAll(store, deferredMails, waiting),
    ...mailFor(envelope, context, orders),
  ];
}

/** More people than any event concerns at once; announcements go page by page. */
const MANY = 2_000;

/** Tells sockets what an event brought into inboxes. */
export async function pushWhatCame(
  { id: event_id }: EventEnvelope,
  { store }: EventContext,
  after = "",
  limit = MANY,
): Promise<void> {
  const rows = await store.db
    .select()
    .from(notifications)
    .where(
      store.in(
        notifications,
        eq(notifications.event_id, event_id),
        gt(notifications.member_id, after),
        ne(notifications.state, "hidden"),
      ),
    )
    .orderBy(asc(notifications.member_id))
    .limit(limit);
  await pushArrivals(
    store,
    rows.map(({ member_id, id, type, subject_type, subject_id }) => ({
      member_id,
      notification: { id, type, subject: { type: subject_type, id: subject_id } },
    })),
  );
}

/**
 * A handler that tells people of an event, whose type is in the catalogue.
 * @param name kept with every event that it handled: never changed
 */
export const tells = (name: string, whom: Whom): EventHandler => ({
  name,
  async handle(envelope, context) {
    const told = await whom(envelope, context);
    return told.length === 0 ? [] : notify(envelope, context, told);
  },
  after: pushWhatCame,
});
