import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../platform/time.ts";
import type { FileInfo } from "./contract.ts";
import type { files } from "./tables.ts";

export type FileRow = typeof files.$inferSelect;

export const viewFile = (row: FileRow): z.output<typeof FileInfo> => ({
  id: row.id,
  purpose: row.purpose,
  name: row.name,
  status: row.status,
  reason: row.reason,
  content_type: row.content_type,
  size: row.size,
  sha256: row.sha256,
  width: row.width,
  height: row.height,
  thumbnail: row.thumbnail_size !== null,
  attached: row.owner_id !== null,
  expires_at: row.status === "quarantined" ? null : toIsoOrNull(row.due_at),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

/** Where the bytes of a row lie: each attempt to send them under a key of its own. */
const place = ({ id, attempt }: Pick<FileRow, "id" | "attempt">): string => `${id}-${attempt}`;
export const bytesOf = (row: Pick<FileRow, "id" | "attempt">) => ({ kind: "file", id: place(row) });
export const thumbnailOf = (row: Pick<FileRow, "id" | "attempt">) => ({ kind: "file", id: `${place(row)}.thumbnail` });
export const quarantineOf = (row: Pick<FileRow, "id" | "attempt">) => ({ kind: "quarantine", id: place(row) });

/** Everything that the store may have of a row. */
export const objectsOf = (row: Pick<FileRow, "id" | "attempt">) => [quarantineOf(row), bytesOf(row), thumbnailOf(row)];
