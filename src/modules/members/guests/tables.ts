import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { flag, makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { visitStatuses, waiverMethods } from "./model.ts";

export const guestVisits = sqliteTable(
  "guest_visits",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    host_member_id: text().notNull(),
    name: text(),
    visit_on: text().notNull(),
    day_from: integer().notNull(),
    day_to: integer().notNull(),
    status: text({ enum: visitStatuses }).notNull(),
    counted: flag().notNull(),
    due_at: integer(),
    arrived_at: integer(),
    departed_at: integer(),
    invited_by: text().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const guestWaivers = sqliteTable(
  "guest_waivers",
  {
    makerspace_id: makerspaceId(),
    visit_id: text().notNull(),
    agreement_id: text().notNull(),
    number: integer().notNull(),
    accepted_at: integer().notNull(),
    method: text({ enum: waiverMethods }).notNull(),
    recorded_by: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.visit_id, table.agreement_id, table.number] })],
);
