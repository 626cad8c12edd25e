import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { Document } from "./contract.ts";
import type { memberDocuments } from "./tables.ts";

export type DocumentRow = typeof memberDocuments.$inferSelect;

export const viewDocument = (row: DocumentRow): z.output<typeof Document> => ({
  id: row.id,
  member_id: row.member_id,
  kind: row.kind,
  status: row.status,
  content_type: row.content_type,
  size: row.size,
  sha256: row.sha256,
  reason: row.reason,
  expires_at: toIsoOrNull(row.expires_at),
  replaces_id: row.replaces_id,
  submitted_by: row.submitted_by,
  decided_by: row.decided_by,
  decided_at: toIsoOrNull(row.decided_at),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
