import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { calendarFeeds } from "../tables.ts";
import type { CalendarFeed } from "./contract.ts";

/** A feed's row. */
export type CalendarFeedRow = typeof calendarFeeds.$inferSelect;

/** Row → JSON; the address is nowhere in it. */
export const viewCalendarFeed = (row: CalendarFeedRow): z.output<typeof CalendarFeed> => ({
  id: row.id,
  name: row.name,
  scope: row.scope,
  equipment_id: row.equipment_id,
  member_id: row.member_id,
  status: row.revoked_at === null ? "active" : "revoked",
  revoked_at: toIsoOrNull(row.revoked_at),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
