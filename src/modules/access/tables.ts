import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { memberRoles } from "../../platform/access/permissions.ts";
import { json, makerspaceId, resourceColumns } from "../../platform/db/columns.ts";

export const serviceAccounts = sqliteTable(
  "service_accounts",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    name: text().notNull(),
    description: text(),
    role: text({ enum: memberRoles }),
    permissions: json().notNull(),
    disabled_at: integer(),
    created_by: text().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const apiTokens = sqliteTable(
  "api_tokens",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    name: text().notNull(),
    member_id: text(),
    service_account_id: text(),
    permissions: json().notNull(),
    last4: text().notNull(),
    expires_at: integer().notNull(),
    last_used_at: integer(),
    revoked_at: integer(),
    created_by: text().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);
