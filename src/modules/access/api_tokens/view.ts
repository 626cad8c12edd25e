import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { apiTokens } from "../tables.ts";
import type { ApiToken } from "./contract.ts";

/** A token's row. */
export type ApiTokenRow = typeof apiTokens.$inferSelect;

type View = z.output<typeof ApiToken>;

const statusOf = (row: ApiTokenRow, now: number): View["status"] => {
  if (row.revoked_at !== null) return "revoked";
  return row.expires_at > now ? "active" : "expired";
};

/** Row → JSON at a moment. */
export const viewApiToken =
  (now: number) =>
  (row: ApiTokenRow): View => ({
    id: row.id,
    name: row.name,
    member_id: row.member_id,
    service_account_id: row.service_account_id,
    permissions: row.permissions as View["permissions"],
    status: statusOf(row, now),
    last4: row.last4,
    expires_at: toIso(row.expires_at),
    last_used_at: toIsoOrNull(row.last_used_at),
    revoked_at: toIsoOrNull(row.revoked_at),
    created_at: toIso(row.created_at),
    updated_at: toIso(row.updated_at),
    version: row.version,
  });
