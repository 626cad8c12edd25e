/** From an event to what single people are told of it: by their preferences, once each. */

import { eq, ne } from "drizzle-orm";
import type { EventEnvelope } from "../../platform/events.ts";
import { newId } from "../../platform/ids.ts";
import type { EventContext, EventHandler } from "../../platform/queue.ts";
import { pushArrivals } from "./inbox/live.ts";
import { channelsFor, isType, type NotificationTypeName, noPreferences } from "./model.ts";
import { preferencesOf } from "./preferences/service.ts";
import { notifications } from "./tables.ts";

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

/** The rows of what these people are told, for one batch. */
async function rowsFor(envelope: EventEnvelope, { store, now }: EventContext, told: readonly Told[]) {
  const wanted = await preferencesOf(
    store,
    told.map((one) => one.member_id),
  );
  return told.flatMap(({ type = envelope.type, member_id, subject, data }) => {
    if (!isType(type)) throw new Error(`${type} is not in the catalogue of notifications`);
    const { in_app } = channelsFor(type, wanted.get(member_id) ?? noPreferences);
    if (!in_app) return [];
    const row = store.row({
      id: newId(),
      member_id,
      event_id: envelope.id,
      type,
      subject_type: subject.type,
      subject_id: subject.id,
      data,
      state: "unread" as const,
      version: 1,
      created_at: now,
      updated_at: now,
    });
    return [store.db.insert(notifications).values(row).onConflictDoNothing()];
  });
}

/** Tells sockets what an event brought into inboxes. */
async function pushWhatCame({ id: event_id }: EventEnvelope, { store }: EventContext): Promise<void> {
  const rows = await store.db
    .select()
    .from(notifications)
    .where(store.in(notifications, eq(notifications.event_id, event_id), ne(notifications.state, "hidden")));
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
    return told.length === 0 ? [] : rowsFor(envelope, context, told);
  },
  after: pushWhatCame,
});
