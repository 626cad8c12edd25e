/** API tokens: made once, shown once, revoked at once. */

import type { z } from "@hono/zod-openapi";
import { and, desc, eq, isNull, lt, sql } from "drizzle-orm";
import { forgetApiTokens, indexApiToken, newApiToken } from "../../../platform/access/api-tokens.ts";
import { Access, type Permission } from "../../../platform/access/permissions.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId, sha256 } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import type { AccessEffects } from "../port.ts";
import { afterRevocation, refuseExcess } from "../revocation.ts";
import { apiTokens, serviceAccounts } from "../tables.ts";
import type { ApiToken, ApiTokenInput, ApiTokenQuery, NewApiToken } from "./contract.ts";
import { type ApiTokenRow, viewApiToken } from "./view.ts";

const LIVES_AT_MOST = 731 * DAY;

interface Owner {
  member_id: string | null;
  service_account_id: string | null;
}

/** For oneself: what the membership may, somewhere. Of a super_admin's rights nothing goes into a token: they come from the sign-in alone. */
function ownTokenOwner(space: Space, permissions: readonly Permission[]): Owner {
  const { id, role, duties } = space.member;
  const access = new Access(role, duties, space.now);
  refuseExcess(permissions, (name) => access.has(name));
  return { member_id: id, service_account_id: null };
}

/** For a service account: no more than the account may, and no more than whoever asks. */
async function accountTokenOwner(space: Space, id: string, permissions: readonly Permission[]): Promise<Owner> {
  if (space.scope("service_accounts.manage") !== "any") throw problem("forbidden");
  const [account] = await space.db
    .select()
    .from(serviceAccounts)
    .where(space.store.in(serviceAccounts, eq(serviceAccounts.id, id), isNull(serviceAccounts.disabled_at)));
  if (!account) {
    throw problem("unknown_reference", {
      errors: [{ pointer: "/service_account_id", code: "unknown", detail: "names no working service account" }],
    });
  }
  const listed = account.permissions as Permission[];
  const ofRole = account.role && new Access(account.role, [], space.now);
  refuseExcess(permissions, (name) => (ofRole ? ofRole.has(name) : listed.includes(name)) && space.access.has(name));
  return { member_id: null, service_account_id: id };
}

/** Part of the batch: an account that was disabled a moment ago gets no token any more. */
const accountStillWorks = (space: Space, id: string): Write =>
  write(
    space.db
      .update(serviceAccounts)
      .set({ id })
      .where(space.store.in(serviceAccounts, eq(serviceAccounts.id, id), isNull(serviceAccounts.disabled_at))),
    { expect: "unknown_reference" },
  );

/**
 * Makes a token; the answer is the only place where it ever stands.
 * @throws invalid_body for an end that is past or too far; grant_exceeds_own; unknown_reference; feature_disabled; forbidden without a membership
 */
export async function createApiToken(
  space: Space,
  input: z.output<typeof ApiTokenInput>,
): Promise<z.output<typeof NewApiToken>> {
  const { name, permissions, expires_at, service_account_id } = input;
  if (expires_at <= space.now || expires_at > space.now + LIVES_AT_MOST) {
    const detail = "is not in the future, or more than two years ahead";
    throw problem("invalid_body", { errors: [{ pointer: "/expires_at", code: "out_of_range", detail }] });
  }
  const owner =
    service_account_id === undefined
      ? ownTokenOwner(space, permissions)
      : await accountTokenOwner(space, service_account_id, permissions);
  if (!space.settings.sections.security.api_tokens) throw problem("feature_disabled");
  const token = newApiToken();
  const row: ApiTokenRow = space.store.row({
    id: newId(),
    name,
    ...owner,
    permissions,
    last4: token.slice(-4),
    expires_at,
    last_used_at: null,
    revoked_at: null,
    created_by: space.actor.id,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  // The look-up first: without its row it opens nothing, and a row without it could never be used.
  await indexApiToken(await sha256(token), { token_id: row.id, makerspace_id: space.id, expires_at });
  try {
    await space.commit(
      {
        action: "api_token.created",
        subject: { type: "api_token", id: row.id, version: 1 },
        after: { ...owner, permissions, expires_at },
      },
      write(space.db.insert(apiTokens).values(row)),
      ...(service_account_id === undefined ? [] : [accountStillWorks(space, service_account_id)]),
    );
  } catch (error) {
    await forgetApiTokens([row.id]).catch(() => undefined);
    throw error;
  }
  return { ...viewApiToken(space.now)(row), token };
}

/** Tokens, newest first; one's own unless one may see all. @throws forbidden for a filter on others' */
export async function listApiTokens(
  space: Space,
  query: z.output<typeof ApiTokenQuery>,
): Promise<Page<z.output<typeof ApiToken>>> {
  const { limit, cursor, ...filter } = query;
  const all = space.scope("tokens.read") === "any";
  const mine = filter.service_account_id === undefined && (filter.member_id ?? space.actor.id) === space.actor.id;
  if (!all && !mine) throw problem("forbidden", { detail: "Tokens of others need tokens.read for all." });
  const member_id = all ? filter.member_id : space.actor.id;
  const list = ["api_tokens", filter, all];
  const after = readCursor(cursor, list);
  const { service_account_id } = filter;
  const rows = await space.db
    .select()
    .from(apiTokens)
    .where(
      space.store.in(
        apiTokens,
        member_id === undefined ? undefined : leads(apiTokens.member_id, member_id),
        service_account_id === undefined ? undefined : leads(apiTokens.service_account_id, service_account_id),
        after ? lt(apiTokens.id, after.id) : undefined,
      ),
    )
    .orderBy(desc(apiTokens.id))
    .limit(limit + 1);
  return toPage(rows, limit, list, (row) => ({ value: row.id, id: row.id }), viewApiToken(space.now));
}

async function required(space: Space, id: string, permission: "tokens.read" | "tokens.manage"): Promise<ApiTokenRow> {
  const [row] = await space.db
    .select()
    .from(apiTokens)
    .where(space.store.in(apiTokens, eq(apiTokens.id, id)));
  if (!row || (space.scope(permission) !== "any" && row.member_id !== space.actor.id)) throw problem("not_found");
  return row;
}

/** One token. @throws not_found, also for those of others without tokens.read for all */
export const readApiToken = async (space: Space, id: string): Promise<z.output<typeof ApiToken>> =>
  viewApiToken(space.now)(await required(space, id, "tokens.read"));

/**
 * Revokes a token: its next request is refused, and the sockets of its owner close. Repeating it changes nothing.
 * @throws not_found
 */
export async function revokeApiToken(space: Space, id: string, effects: AccessEffects): Promise<void> {
  const row = await required(space, id, "tokens.manage");
  if (row.revoked_at === null) {
    const version = row.version + 1;
    await space.commit(
      { action: "api_token.revoked", subject: { type: "api_token", id, version }, before: { revoked_at: null } },
      write(
        space.db
          .update(apiTokens)
          .set({ revoked_at: space.now, updated_at: space.now, version: sql`${apiTokens.version} + 1` })
          .where(space.store.in(apiTokens, and(eq(apiTokens.id, id), isNull(apiTokens.revoked_at)))),
      ),
    );
  }
  await afterRevocation(space, [id], row.member_id ?? row.service_account_id ?? "", effects);
}
