import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { erasureStatuses } from "./model.ts";

export const erasures = sqliteTable(
  "erasures",
  {
    makerspace_id: makerspaceId(),
    member_id: text().notNull(),
    status: text({ enum: erasureStatuses }).notNull(),
    requested_by: text().notNull(),
    requested_at: integer().notNull(),
    due_at: integer().notNull(),
    job_id: text(),
    step: integer().notNull().default(0),
    place: text().notNull().default(""),
    done_at: integer(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.member_id] })],
);

export const erasureKeeps = sqliteTable(
  "erasure_keeps",
  {
    makerspace_id: makerspaceId(),
    member_id: text().notNull(),
    data: text().notNull(),
    ground: text().notNull(),
    keep_until: integer(),
    ended_at: integer(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.member_id, table.data] })],
);
