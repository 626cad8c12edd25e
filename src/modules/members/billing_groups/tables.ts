import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { json, makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { groupKinds, groupStatuses } from "./model.ts";

export const billingGroups = sqliteTable(
  "billing_groups",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    kind: text({ enum: groupKinds }).notNull(),
    name: text().notNull(),
    status: text({ enum: groupStatuses }).notNull(),
    payer_member_id: text(),
    dissolved_at: integer(),
    metadata: json().notNull().default({}),
    external_id: text(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const billingGroupMembers = sqliteTable(
  "billing_group_members",
  {
    makerspace_id: makerspaceId(),
    group_id: text().notNull(),
    member_id: text().notNull(),
    added_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.member_id] })],
);
