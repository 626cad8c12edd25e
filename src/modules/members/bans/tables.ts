import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { banReasons } from "./model.ts";

export const bans = sqliteTable(
  "bans",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    email_digest: text().notNull(),
    user_digest: text(),
    reason_code: text({ enum: banReasons }).notNull(),
    until: integer(),
    created_by: text().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);
