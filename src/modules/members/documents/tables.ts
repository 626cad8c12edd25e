import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { documentStatuses, documentTypes } from "./model.ts";

export const memberDocuments = sqliteTable(
  "member_documents",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    member_id: text().notNull(),
    kind: text().notNull(),
    status: text({ enum: documentStatuses }).notNull(),
    content_type: text({ enum: documentTypes }).notNull(),
    size: integer().notNull(),
    sha256: text().notNull(),
    reason: text(),
    expires_at: integer(),
    replaces_id: text(),
    submitted_by: text().notNull(),
    decided_by: text(),
    decided_at: integer(),
    due_at: integer(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);
