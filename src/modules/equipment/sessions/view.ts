import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { SessionRecord } from "../port.ts";
import { viewPrice } from "../prices/view.ts";
import type { Session } from "./contract.ts";

/** Record → JSON. */
export const viewSession = (record: SessionRecord & { orphan?: boolean }): z.output<typeof Session> => ({
  id: record.id,
  equipment_id: record.equipment_id,
  member_id: record.member_id,
  reservation_id: record.reservation_id,
  project_id: record.project_id,
  status: record.status,
  started_at: toIso(record.started_at),
  planned_ends_at: toIso(record.planned_end_at),
  ended_at: toIsoOrNull(record.ended_at),
  ended_by: record.ended_by,
  overrun: record.overrun_at !== null,
  collides_with: record.collides_with,
  job_successful: record.job_successful,
  output_quality: record.output_quality,
  notes: record.notes,
  counted_minutes: record.counted_minutes,
  price: viewPrice(record.price),
  created_at: toIso(record.created_at),
  updated_at: toIso(record.updated_at),
  version: record.version,
  ...(record.orphan && { orphan: true as const }),
});
