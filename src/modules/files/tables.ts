import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { makerspaceId, resourceColumns } from "../../platform/db/columns.ts";
import type { FileType } from "../../platform/file-types.ts";
import { fileStatuses, type Purpose, type Rejection } from "./model.ts";

// Purposes, reasons and types grow with the modules: contracts say which there are.
export const files = sqliteTable(
  "files",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    uploader_id: text(),
    purpose: text().$type<Purpose>().notNull(),
    name: text().notNull(),
    status: text({ enum: fileStatuses }).notNull(),
    reason: text().$type<Rejection>(),
    announced_type: text().$type<FileType>(),
    content_type: text().$type<FileType>(),
    size: integer().notNull(),
    counted: integer().notNull(),
    sha256: text(),
    width: integer(),
    height: integer(),
    thumbnail_size: integer(),
    attempt: integer().notNull(),
    tries: integer().notNull(),
    owner_id: text(),
    due_at: integer(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

/** Bytes that files take, of one uploader or ("") of the whole makerspace: kept by triggers on `files`. */
export const fileUsage = sqliteTable(
  "file_usage",
  { makerspace_id: makerspaceId(), uploader_id: text().notNull(), bytes: integer().notNull() },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.uploader_id] })],
);

/** Where the nightly comparison of rows and objects goes on. */
export const fileSweeps = sqliteTable("file_sweeps", {
  makerspace_id: makerspaceId().primaryKey(),
  kind: text({ enum: ["file", "quarantine"] }).notNull(),
  place: text().notNull(),
  updated_at: integer().notNull(),
});
