/** How the platform reads what a token stands for: two statements of the authorisation batch. */

import { and, eq, getTableColumns, isNull, lt, or, sql } from "drizzle-orm";
import type { ApiTokenGrant, ApiTokenSource, ServiceAccountGrant } from "../../../platform/access/api-tokens.ts";
import type { Permission } from "../../../platform/access/permissions.ts";
import { MINUTE } from "../../../platform/time.ts";
import { membershipById } from "../../members/index.ts";
import { apiTokens } from "../tables.ts";

type Row = typeof apiTokens.$inferSelect & { account: string | null };

/** The service account as JSON: rows of a batch are keyed by column name, so two tables cannot stand side by side. */
const accountJson = sql<string | null>`(
  SELECT json_object('id', s.id, 'name', s.name, 'role', s.role, 'permissions', json(s.permissions), 'disabled_at', s.disabled_at)
  FROM service_accounts s WHERE s.makerspace_id = api_tokens.makerspace_id AND s.id = api_tokens.service_account_id)`;

const tokenColumns = { ...getTableColumns(apiTokens), account: accountJson.as("account") };

function toGrant(row: Row): ApiTokenGrant {
  const { id, name, expires_at, revoked_at, last_used_at } = row;
  const account = row.account === null ? null : (JSON.parse(row.account) as ServiceAccountGrant);
  return { id, name, permissions: row.permissions as Permission[], expires_at, revoked_at, last_used_at, account };
}

export const apiTokenSource: ApiTokenSource = {
  grant: {
    build: (store, { token_id = "" }) =>
      store.db
        .select(tokenColumns)
        .from(apiTokens)
        .where(store.in(apiTokens, eq(apiTokens.id, token_id))),
    read: (rows) => {
      const [row] = rows as Row[];
      return row ? toGrant(row) : null;
    },
  },
  membership: membershipById(
    (store, { token_id = "" }) =>
      sql`SELECT member_id FROM api_tokens WHERE makerspace_id = ${store.makerspace_id} AND id = ${token_id}`,
  ),
  async used(store, token_id, now) {
    // Of many requests at once one writes.
    const isOld = or(isNull(apiTokens.last_used_at), lt(apiTokens.last_used_at, now - MINUTE));
    await store.db
      .update(apiTokens)
      .set({ last_used_at: now })
      .where(store.in(apiTokens, and(eq(apiTokens.id, token_id), isOld)));
  },
};
