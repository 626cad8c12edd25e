import { primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";

export const emergencyContacts = sqliteTable(
  "emergency_contacts",
  {
    makerspace_id: makerspaceId(),
    member_id: text().notNull(),
    id: text().notNull(),
    name: text().notNull(),
    relation: text().notNull(),
    phone: text().notNull(),
    notes: text(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.member_id, table.id] })],
);
