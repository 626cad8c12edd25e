import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { tablets } from "../tables.ts";
import type { Tablet } from "./contract.ts";

/** A tablet's row. */
export type TabletRow = typeof tablets.$inferSelect;

/** Row → JSON. */
export const viewTablet = (row: TabletRow): z.output<typeof Tablet> => ({
  id: row.id,
  makerspace_id: row.makerspace_id,
  label: row.label,
  equipment_ids: row.equipment_ids as string[],
  status: row.status,
  pairing_expires_at: toIso(row.pairing_expires_at),
  paired_at: toIsoOrNull(row.paired_at),
  revoked_at: toIsoOrNull(row.revoked_at),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
