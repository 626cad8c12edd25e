import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { consentMethods } from "./model.ts";

export const minors = sqliteTable(
  "minors",
  {
    makerspace_id: makerspaceId(),
    member_id: text().notNull(),
    birth_date: text().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.member_id] })],
);

export const guardians = sqliteTable(
  "guardians",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    member_id: text().notNull(),
    guardian_member_id: text(),
    name: text(),
    relation: text().notNull(),
    email: text(),
    phone: text(),
    ended_at: integer(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const guardianConsents = sqliteTable(
  "guardian_consents",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    member_id: text().notNull(),
    guardian_id: text().notNull(),
    method: text({ enum: consentMethods }).notNull(),
    agreement_id: text(),
    number: integer(),
    given_at: integer().notNull(),
    recorded_by: text().notNull(),
    valid_until: integer(),
    withdrawn_at: integer(),
    withdrawn_by: text(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);
