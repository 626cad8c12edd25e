import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { flag, makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { announcementStatuses, audiences } from "./model.ts";

export const announcements = sqliteTable(
  "announcements",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    title: text().notNull(),
    body: text().notNull(),
    audience: text({ enum: audiences }).notNull(),
    audience_id: text(),
    pinned: flag().notNull(),
    requires_acknowledgement: flag().notNull(),
    status: text({ enum: announcementStatuses }).notNull(),
    publish_at: integer(),
    published_at: integer(),
    expires_at: integer(),
    told: integer().notNull().default(0),
    created_by: text().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const announcementReaders = sqliteTable(
  "announcement_readers",
  {
    makerspace_id: makerspaceId(),
    member_id: text().notNull(),
    announcement_id: text().notNull(),
    acknowledged_at: integer(),
    dismissed_at: integer(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.member_id, table.announcement_id] })],
);
