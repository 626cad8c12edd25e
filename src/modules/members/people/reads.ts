/** Reading members, with their duties in the same statement. */

import { eq, getTableColumns, sql } from "drizzle-orm";
import type { Membership, MembershipSource } from "../../../platform/access/membership.ts";
import type { DutyGrant } from "../../../platform/access/permissions.ts";
import { commit, write } from "../../../platform/db/commit.ts";
import { directory } from "../../../platform/db/driver.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { membershipIndex } from "../../../platform/db/tables.ts";
import { newId } from "../../../platform/ids.ts";
import type { Problem } from "../../../platform/problem.ts";
import { sendEvents } from "../../../platform/queue.ts";
import { members } from "../tables.ts";
import type { MemberRow } from "./view.ts";

/** Names its columns in full: Drizzle leaves the table out in selects from one table. */
const dutiesJson = sql<string>`(
  SELECT coalesce(json_group_array(json_object('duty', d.duty, 'equipment_ids', json(coalesce(d.equipment_ids, 'null')), 'ends_at', d.ends_at)), '[]')
  FROM member_duties d WHERE d.makerspace_id = members.makerspace_id AND d.member_id = members.id)`;

/** Columns of `members` and the duties as JSON. */
export const memberColumns = { ...getTableColumns(members), duties: dutiesJson.as("duties") };

/** A row of `memberColumns` with its duties read. */
export const toMemberRow = (row: typeof members.$inferSelect & { duties: string }): MemberRow => ({
  ...row,
  duties: JSON.parse(row.duties) as DutyGrant[],
});

/** One member of this makerspace, by id. */
export async function findMember(store: SpaceStore, id: string): Promise<MemberRow | null> {
  const [row] = await store.db
    .select(memberColumns)
    .from(members)
    .where(store.in(members, eq(members.id, id)));
  return row ? toMemberRow(row) : null;
}

const toMembership = (row: MemberRow): Membership => {
  const { id, user_id, role, status, first_name, last_name, hide_name, duties } = row;
  return { id, user_id, role, status, first_name, last_name, hide_name, duties };
};

const byUser = (store: SpaceStore, user_id: string) =>
  store.db
    .select(memberColumns)
    .from(members)
    .where(store.in(members, eq(members.user_id, user_id)));

/** How the platform finds the membership behind a token. */
export const membershipSource: MembershipSource = {
  byUser: {
    build: (store, { user_id = "" }) => byUser(store, user_id),
    read: (rows) => {
      const [row] = rows as (typeof members.$inferSelect & { duties: string })[];
      return row ? toMembership(toMemberRow(row)) : null;
    },
  },
  async claim(store, user_id, email, now) {
    const waiting = store.in(members, eq(members.email, email), sql`${members.user_id} IS NULL`);
    const [row] = await store.db.select({ id: members.id, version: members.version }).from(members).where(waiting);
    if (!row) return null;
    const context = {
      store,
      actor: { kind: "member", id: row.id } as const,
      request_id: newId(),
      now,
      idempotency: null,
      newId,
    };
    const change = { user_id, status: "active", updated_at: now, version: row.version + 1 } as const;
    try {
      const envelopes = await commit(
        context,
        {
          action: "member.linked",
          subject: { type: "member", id: row.id, version: change.version },
          after: { user_id },
          events: [{ type: "member.linked", data: { user_id } }],
        },
        [write(store.db.update(members).set(change).where(waiting), { expect: "conflict" })],
      );
      await sendEvents(envelopes);
    } catch (error) {
      // Somebody linked it a moment ago, perhaps this very person in another tab.
      if ((error as Problem).code !== "conflict") throw error;
    }
    // The event repeats it, should the directory be away now.
    await indexMembership(user_id, store.makerspace_id, row.id).catch(() => undefined);
    const [linked] = await byUser(store, user_id);
    return linked ? toMembership(toMemberRow(linked)) : null;
  },
};

/** Notes in the directory who belongs where; running twice changes nothing. */
export async function indexMembership(user_id: string, makerspace_id: string, member_id: string): Promise<void> {
  await directory()
    .insert(membershipIndex)
    .values({ user_id, makerspace_id, member_id })
    .onConflictDoUpdate({ target: [membershipIndex.user_id, membershipIndex.makerspace_id], set: { member_id } });
}
