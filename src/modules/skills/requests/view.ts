import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { skillRequests } from "../tables.ts";
import type { SkillRequest } from "./contract.ts";

export type RequestRow = typeof skillRequests.$inferSelect;

export const viewRequest = (row: RequestRow, file_ids: string[]): z.output<typeof SkillRequest> => ({
  id: row.id,
  skill_id: row.skill_id,
  member_id: row.member_id,
  status: row.status,
  message: row.message,
  decided_by: row.decided_by,
  decided_at: toIsoOrNull(row.decided_at),
  note: row.note,
  file_ids,
  certification_id: row.certification_id,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
