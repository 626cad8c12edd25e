/** How a member's own status follows their membership; each change is an entry of its own in the audit. */

import { eq, inArray, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { Space } from "../../../platform/space.ts";
import { members } from "../tables.ts";
import { expiringRoles } from "./model.ts";

/** The member is still one, and no longer expired: they book again with their next request. */
export const memberReturns = (space: Space, member_id: string): Write[] => [
  write(
    space.db
      .update(members)
      .set({ updated_at: sql`${members.updated_at}` })
      .where(
        space.store.in(members, eq(members.id, member_id), inArray(members.status, ["pending", "active", "expired"])),
      ),
    { expect: "conflict" },
  ),
  write(
    space.db
      .update(members)
      .set({ status: "active", updated_at: space.now, version: sql`${members.version} + 1` })
      .where(space.store.in(members, eq(members.id, member_id), eq(members.status, "expired"))),
    { entry: standingEntry(member_id, "member.renewed", "expired", "active") },
  ),
];

/** A change of a member's standing in the audit, by itself: it follows from the membership's step, and is the member's story. */
const standingEntry = (id: string, action: string, before: string, after: string) => ({
  action,
  subject: { type: "member", id },
  before: { status: before },
  after: { status: after },
});

/** Without a current membership the member expires; staff never do, so an administrator is left. After the membership's own row. */
export const memberFollows = (space: Space, member_id: string): Write =>
  write(
    space.db
      .update(members)
      .set({ status: "expired", updated_at: space.now, version: sql`${members.version} + 1` })
      .where(
        space.store.in(
          members,
          eq(members.id, member_id),
          eq(members.status, "active"),
          inArray(members.role, [...expiringRoles]),
          sql`NOT EXISTS (SELECT 1 FROM memberships mine WHERE mine.makerspace_id = ${space.id}
              AND mine.member_id = ${member_id} AND mine.status IN ('active', 'paused'))`,
        ),
      ),
    { entry: standingEntry(member_id, "member.expired", "active", "expired") },
  );
