import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { flag, makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { faultStatuses, severities } from "./model.ts";

export const faultReports = sqliteTable(
  "fault_reports",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    equipment_id: text().notNull(),
    member_id: text(),
    severity: text({ enum: severities }).notNull(),
    text: text().notNull(),
    status: text({ enum: faultStatuses }).notNull(),
    took_down: flag().notNull(),
    note: text(),
    handled_by: text(),
    handled_at: integer(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);
