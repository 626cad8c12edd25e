import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { flag, json, makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { acceptanceMethods } from "./model.ts";

export const agreements = sqliteTable(
  "agreements",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    title: text().notNull(),
    required: flag().notNull(),
    equipment_ids: json(),
    archived_at: integer(),
    metadata: json().notNull().default({}),
    external_id: text(),
    ...resourceColumns(),
    for_guests: flag().notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const agreementTexts = sqliteTable(
  "agreement_texts",
  {
    makerspace_id: makerspaceId(),
    agreement_id: text().notNull(),
    number: integer().notNull(),
    body: text().notNull(),
    effective_at: integer().notNull(),
    published_by: text().notNull(),
    published_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.agreement_id, table.number] })],
);

export const agreementAcceptances = sqliteTable(
  "agreement_acceptances",
  {
    makerspace_id: makerspaceId(),
    agreement_id: text().notNull(),
    number: integer().notNull(),
    member_id: text().notNull(),
    accepted_at: integer().notNull(),
    method: text({ enum: acceptanceMethods }).notNull(),
    recorded_by: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.agreement_id, table.number, table.member_id] })],
);
