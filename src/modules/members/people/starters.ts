/** What whoever started a job may do while it goes on: asked at each of its steps. */

import type { SQL } from "drizzle-orm";
import { sql } from "drizzle-orm";
import type { MembershipStatus } from "../../../platform/access/membership.ts";
import { Access } from "../../../platform/access/permissions.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { StarterAccess } from "../../../platform/ops/imports.ts";
import { findMember } from "./reads.ts";

/** True of a service account that is there and not disabled; the access module knows. */
export type AccountStands = (store: SpaceStore, id: string) => SQL;

/** Those who may act in the makerspace; without a current plan, too. */
export const acting = ["active", "expired"] as const satisfies readonly MembershipStatus[];

/**
 * A member may what role and duties say now. Of the platform's people only those who were members can be removed here; a service account
 * may what was judged at the start, for as long as it is not disabled.
 */
export const starterAccess =
  (accountStands: AccountStands): StarterAccess =>
  async (store, { id, as }, now) => {
    if (as === "service") {
      const [row] = await store.db.all<{ stands: number }>(sql`SELECT ${accountStands(store, id)} AS stands`);
      return row?.stands === 1 ? new Access("super_admin", [], now) : null;
    }
    const found = await findMember(store, id);
    if (as === "platform") return found?.status === "left" ? null : new Access("super_admin", [], now);
    return found && (acting as readonly string[]).includes(found.status)
      ? new Access(found.role, found.duties, now)
      : null;
  };
