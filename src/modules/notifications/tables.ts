import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { json, makerspaceId, resourceColumns } from "../../platform/db/columns.ts";
import { digests, notificationStates } from "./model.ts";

export const notifications = sqliteTable(
  "notifications",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    member_id: text().notNull(),
    event_id: text().notNull(),
    type: text().notNull(),
    subject_type: text().notNull(),
    subject_id: text().notNull(),
    data: json().notNull(),
    read_at: integer(),
    ...resourceColumns(),
    state: text({ enum: notificationStates }).notNull().default("unread"),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const notificationPreferences = sqliteTable(
  "notification_preferences",
  {
    makerspace_id: makerspaceId(),
    member_id: text().notNull(),
    choices: json().notNull(),
    quiet_from: text(),
    quiet_to: text(),
    digest: text({ enum: digests }).notNull(),
    version: integer().notNull(),
    updated_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.member_id] })],
);

export const deferredMails = sqliteTable(
  "deferred_mails",
  {
    makerspace_id: makerspaceId(),
    due_at: integer().notNull(),
    member_id: text().notNull(),
    notification_id: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.due_at, table.member_id, table.notification_id] })],
);
