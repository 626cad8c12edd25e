/** A public event goes into the feed, and on its way to every webhook that asked for it: both, once, in one batch. */

import { eq, sql } from "drizzle-orm";
import { insertAll } from "../../../platform/db/insert-all.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { EventType } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import type { Consumers, EventHandler } from "../../../platform/queue.ts";
import { loadSettings } from "../../../platform/settings/load.ts";
import { type PublicEnvelope, type PublicEventType, publicEventTypes, toPublic } from "../public.ts";
import { eventFeed, webhookDeliveries, webhooks } from "../tables.ts";
import { sendWhatIsDue } from "./queue.ts";

/** The row of a delivery that is due at once. */
export const deliveryRow = (
  store: SpaceStore,
  webhook_id: string,
  { id: event_id, type }: Pick<PublicEnvelope, "id" | "type">,
  body: string,
  now: number,
): typeof webhookDeliveries.$inferSelect =>
  store.row({
    id: newId(),
    webhook_id,
    event_id,
    type,
    body,
    status: "pending" as const,
    attempts: 0,
    next_attempt_at: now,
    first_attempt_at: null,
    log: [],
    request: null,
    response: null,
    redelivery_of: null,
    version: 1,
    created_at: now,
    updated_at: now,
  });

/** Those who want this type; none when the makerspace has switched webhooks off. */
async function receivers(store: SpaceStore, type: PublicEventType): Promise<string[]> {
  const rows = await store.db
    .select({ id: webhooks.id, events: webhooks.events })
    .from(webhooks)
    .where(store.in(webhooks, eq(webhooks.status, "enabled")));
  const asked = rows.filter(({ events }) => (events as string[]).some((one) => one === "*" || one === type));
  if (asked.length === 0 || !(await loadSettings(store)).notifications.webhooks) return [];
  return asked.map((row) => row.id);
}

const publishAs = (type: PublicEventType): EventHandler => ({
  name: "publish_event",
  async handle(envelope, { store, now }) {
    const event = toPublic(envelope, type);
    const body = JSON.stringify(event);
    const next = sql<number>`(SELECT coalesce(max(seq), 0) + 1 FROM event_feed WHERE makerspace_id = ${store.makerspace_id})`;
    const recorded = store.row({ seq: next, event_id: event.id, type, body, recorded_at: now });
    return [
      store.db.insert(eventFeed).values(recorded).onConflictDoNothing(),
      ...insertAll(
        store,
        webhookDeliveries,
        (await receivers(store, type)).map((webhook_id) => deliveryRow(store, webhook_id, event, body, now)),
      ),
    ];
  },
  after: (_, { store }) => sendWhatIsDue(store, Date.now()),
});

/** A handler for each public type of event; what is not public has none. */
export const publicEventConsumers = Object.fromEntries(
  publicEventTypes.map((type) => [type, [publishAs(type)]]),
) as unknown as Consumers<PublicEventType & EventType>;
