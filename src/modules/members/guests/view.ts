import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import { displayName } from "../model.ts";
import type { Guest } from "./contract.ts";
import type { guestVisits } from "./tables.ts";

/** A visit with its host's name. */
export interface VisitRow {
  visit: typeof guestVisits.$inferSelect;
  host: { first_name: string; last_name: string };
}

export const viewGuest = ({ visit, host }: VisitRow): z.output<typeof Guest> => ({
  id: visit.id,
  host_member_id: visit.host_member_id,
  host_display_name: displayName(host),
  name: visit.name,
  visit_on: visit.visit_on,
  starts_at: toIso(visit.day_from),
  ends_at: toIso(visit.day_to),
  status: visit.status,
  uses_pass: visit.counted,
  arrived_at: toIsoOrNull(visit.arrived_at),
  departed_at: toIsoOrNull(visit.departed_at),
  invited_by: visit.invited_by,
  created_at: toIso(visit.created_at),
  updated_at: toIso(visit.updated_at),
  version: visit.version,
});
