import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { FaultReport } from "./contract.ts";
import type { faultReports } from "./tables.ts";

export type FaultRow = typeof faultReports.$inferSelect;

export const viewFault = (row: FaultRow, file_ids: string[]): z.output<typeof FaultReport> => ({
  id: row.id,
  equipment_id: row.equipment_id,
  member_id: row.member_id,
  severity: row.severity,
  text: row.text,
  status: row.status,
  took_down: row.took_down,
  note: row.note,
  handled_by: row.handled_by,
  handled_at: toIsoOrNull(row.handled_at),
  file_ids,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
