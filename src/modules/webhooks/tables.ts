import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { json, makerspaceId, resourceColumns } from "../../platform/db/columns.ts";
import { deliveryStatuses, disabledCauses, webhookStatuses } from "./model.ts";

export const webhooks = sqliteTable(
  "webhooks",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    url: text().notNull(),
    description: text(),
    events: json().notNull(),
    status: text({ enum: webhookStatuses }).notNull(),
    disabled_because: text({ enum: disabledCauses }),
    failing_since: integer(),
    previous_secret_until: integer(),
    created_by: text().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const webhookDeliveries = sqliteTable(
  "webhook_deliveries",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    webhook_id: text().notNull(),
    event_id: text().notNull(),
    type: text().notNull(),
    body: text().notNull(),
    status: text({ enum: deliveryStatuses }).notNull(),
    attempts: integer().notNull().default(0),
    next_attempt_at: integer().notNull(),
    first_attempt_at: integer(),
    log: json().notNull().default([]),
    request: json(),
    response: json(),
    redelivery_of: text(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const eventFeed = sqliteTable(
  "event_feed",
  {
    makerspace_id: makerspaceId(),
    seq: integer().notNull(),
    event_id: text().notNull(),
    type: text().notNull(),
    body: text().notNull(),
    recorded_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.seq] })],
);
