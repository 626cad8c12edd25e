import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { serviceAccounts } from "../tables.ts";
import type { ServiceAccount } from "./contract.ts";

/** A service account's row. */
export type ServiceAccountRow = typeof serviceAccounts.$inferSelect;

type View = z.output<typeof ServiceAccount>;

/** Row → JSON. */
export const viewServiceAccount = (row: ServiceAccountRow): View => ({
  id: row.id,
  name: row.name,
  description: row.description,
  role: row.role,
  permissions: row.permissions as View["permissions"],
  status: row.disabled_at === null ? "active" : "disabled",
  disabled_at: toIsoOrNull(row.disabled_at),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
