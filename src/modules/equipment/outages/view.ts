import type { z } from "@hono/zod-openapi";
import type { WeeklyWindows } from "../../../platform/settings/windows.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { OutageRecord } from "../port.ts";
import type { Outage } from "./contract.ts";

/** Record → JSON; who took it out is for those who look after the machine. */
export const viewOutage = (
  record: OutageRecord,
  { makerspace_id, sees_all }: { makerspace_id: string; sees_all: boolean },
): z.output<typeof Outage> => ({
  id: record.id,
  makerspace_id,
  equipment_id: record.equipment_id,
  status: record.status,
  starts_at: toIso(record.starts_at),
  ends_at: toIso(record.ends_at),
  // Written only through the contract's WeeklyWindows.
  weekly: record.weekly === null ? null : (JSON.parse(record.weekly) as z.output<typeof WeeklyWindows>),
  reason: record.reason,
  created_by: sees_all ? record.created_by : null,
  lifted_at: toIsoOrNull(record.lifted_at),
  created_at: toIso(record.created_at),
  updated_at: toIso(record.updated_at),
  version: record.version,
});
