/** Service accounts: programs that belong to the makerspace, not to a person. */

import type { z } from "@hono/zod-openapi";
import { and, desc, eq, isNull, lt } from "drizzle-orm";
import type { MemberRole, Permission } from "../../../platform/access/permissions.ts";
import { write } from "../../../platform/db/commit.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { AccessEffects } from "../port.ts";
import { afterRevocation, refuseExcess } from "../revocation.ts";
import { apiTokens, serviceAccounts } from "../tables.ts";
import type { ServiceAccount, ServiceAccountInput, ServiceAccountPatch } from "./contract.ts";
import { type ServiceAccountRow, viewServiceAccount } from "./view.ts";

type View = z.output<typeof ServiceAccount>;

/** Nobody gives a program more than they have. @throws grant_exceeds_own */
function refuseAboveOwn(space: Space, role: MemberRole | null | undefined, permissions: readonly Permission[]): void {
  if (role && !space.access.covers(role, [])) throw problem("grant_exceeds_own");
  refuseExcess(permissions, (name) => space.scope(name) === "any");
}

const nameTaken = { unique: { "service_accounts.name": "code_taken" } } as const;

/** Adds a service account. @throws grant_exceeds_own; code_taken when another has the name */
export async function createServiceAccount(space: Space, input: z.output<typeof ServiceAccountInput>): Promise<View> {
  const { name, description = null, role = null, permissions = [] } = input;
  refuseAboveOwn(space, role, permissions);
  const row: ServiceAccountRow = space.store.row({
    id: newId(),
    name,
    description,
    role,
    permissions,
    disabled_at: null,
    created_by: space.actor.id,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const body = viewServiceAccount(row);
  await space.commit(
    {
      action: "service_account.created",
      subject: { type: "service_account", id: row.id, version: 1 },
      after: { name, role, permissions },
      answer: { status: 201, body },
    },
    write(space.db.insert(serviceAccounts).values(row), nameTaken),
  );
  return body;
}

/** Service accounts, newest first; the disabled ones, too. */
export async function listServiceAccounts(
  space: Space,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<View>> {
  const after = readCursor(query.cursor, "service_accounts");
  const rows = await space.db
    .select()
    .from(serviceAccounts)
    .where(space.store.in(serviceAccounts, after ? lt(serviceAccounts.id, after.id) : undefined))
    .orderBy(desc(serviceAccounts.id))
    .limit(query.limit + 1);
  return toPage(rows, query.limit, "service_accounts", (row) => ({ value: row.id, id: row.id }), viewServiceAccount);
}

async function required(space: Space, id: string): Promise<ServiceAccountRow> {
  const [row] = await space.db
    .select()
    .from(serviceAccounts)
    .where(space.store.in(serviceAccounts, eq(serviceAccounts.id, id)));
  if (!row) throw problem("not_found");
  return row;
}

/** One service account. @throws not_found */
export const readServiceAccount = async (space: Space, id: string): Promise<View> =>
  viewServiceAccount(await required(space, id));

/**
 * Changes a service account; its tokens may no more than it from their next request on.
 * @throws not_found, grant_exceeds_own, code_taken, stale_version; illegal_transition once it is disabled
 */
export async function changeServiceAccount(
  space: Space,
  id: string,
  if_match: number | null,
  patch: z.output<typeof ServiceAccountPatch>,
): Promise<View> {
  const before = await required(space, id);
  if (if_match !== null && if_match !== before.version) throw problem("stale_version");
  if (before.disabled_at !== null) throw problem("illegal_transition", { current_status: "disabled" });
  refuseAboveOwn(space, patch.role, patch.permissions ?? []);
  const standing = {
    ...(patch.role !== undefined && { role: patch.role, permissions: [] }),
    ...(patch.permissions !== undefined && { role: null, permissions: patch.permissions }),
  };
  const { name, description } = patch;
  const change = {
    ...definedOnly({ name, description }),
    ...standing,
    updated_at: space.now,
    version: before.version + 1,
  };
  const after: ServiceAccountRow = { ...before, ...change };
  const told = ({ name, role, permissions }: ServiceAccountRow) => ({ name, role, permissions });
  await space.commit(
    {
      action: "service_account.updated",
      subject: { type: "service_account", id, version: change.version },
      before: told(before),
      after: told(after),
    },
    write(
      space.db
        .update(serviceAccounts)
        .set(change)
        .where(
          space.store.in(serviceAccounts, eq(serviceAccounts.id, id), eq(serviceAccounts.version, before.version)),
        ),
      { ...nameTaken, expect: if_match === null ? "conflict" : "stale_version" },
    ),
  );
  return viewServiceAccount(after);
}

/** Disables a service account and revokes its tokens, for good. Repeating it changes nothing. @throws not_found */
export async function disableServiceAccount(space: Space, id: string, effects: AccessEffects): Promise<void> {
  const before = await required(space, id);
  const version = before.version + 1;
  const mine = space.store.in(apiTokens, eq(apiTokens.service_account_id, id));
  if (before.disabled_at === null) {
    await space.commit(
      {
        action: "service_account.disabled",
        subject: { type: "service_account", id, version },
        before: { role: before.role, permissions: before.permissions },
      },
      write(
        space.db
          .update(serviceAccounts)
          .set({ disabled_at: space.now, updated_at: space.now, version })
          .where(
            space.store.in(
              serviceAccounts,
              and(eq(serviceAccounts.id, id), isNull(serviceAccounts.disabled_at)),
              eq(serviceAccounts.version, before.version),
            ),
          ),
        { expect: "conflict" },
      ),
      write(
        space.db
          .update(apiTokens)
          .set({ revoked_at: space.now, updated_at: space.now })
          .where(and(mine, isNull(apiTokens.revoked_at))),
      ),
    );
  }
  const tokens = await space.db.select({ id: apiTokens.id }).from(apiTokens).where(mine);
  await afterRevocation(
    space,
    tokens.map((token) => token.id),
    id,
    effects,
  );
}
