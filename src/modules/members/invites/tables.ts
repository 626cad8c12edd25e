import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { memberRoles } from "../../../platform/access/permissions.ts";
import { json, makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { inviteStatuses, makers } from "./model.ts";

export const invites = sqliteTable(
  "invites",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    email: text().notNull(),
    role: text({ enum: memberRoles }).notNull(),
    duties: json().notNull().default([]),
    plan_id: text(),
    message: text(),
    first_name: text(),
    last_name: text(),
    status: text({ enum: inviteStatuses }).notNull(),
    token_digest: text(),
    reminder_digest: text(),
    expires_at: integer().notNull(),
    invited_by: text().notNull(),
    invited_as: text({ enum: makers }).notNull(),
    mailed_at: integer(),
    reminded_at: integer(),
    accepted_at: integer(),
    member_id: text(),
    plan_problem: text(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);
