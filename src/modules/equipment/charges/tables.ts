import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { makerspaceId } from "../../../platform/db/columns.ts";
import { chargeKinds } from "./owed.ts";

export const charges = sqliteTable(
  "charges",
  {
    makerspace_id: makerspaceId(),
    subject_id: text().notNull(),
    kind: text({ enum: chargeKinds }).notNull(),
    subject_type: text({ enum: ["reservation", "session"] }).notNull(),
    subject_version: integer().notNull(),
    equipment_id: text().notNull(),
    member_id: text().notNull(),
    status: text({ enum: ["due", "lifted"] }).notNull(),
    amount_minor: integer().notNull(),
    currency: text().notNull(),
    price_version: integer().notNull(),
    lines: text().notNull(),
    occurred_at: integer().notNull(),
    created_at: integer().notNull(),
    updated_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.subject_id, table.kind] })],
);
