import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { json, makerspaceId, resourceColumns } from "../../platform/db/columns.ts";

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
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);
