/** Reading members, with their duties in the same statement. */

import { eq, getTableColumns, lt, type SQL, sql } from "drizzle-orm";
import type { BatchRead, Membership, MembershipSource } from "../../../platform/access/membership.ts";
import type { DutyGrant } from "../../../platform/access/permissions.ts";
import { among } from "../../../platform/db/columns.ts";
import { commit, write } from "../../../platform/db/commit.ts";
import { directory } from "../../../platform/db/driver.ts";
import type { ReadBuilder } from "../../../platform/db/ready.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { membershipIndex } from "../../../platform/db/tables.ts";
import { newId } from "../../../platform/ids.ts";
import type { Problem } from "../../../platform/problem.ts";
import { sendEvents } from "../../../platform/queue.ts";
import { refuseBanned } from "../bans/guard.ts";
import { members } from "../tables.ts";
import type { MemberRow } from "./view.ts";

/** Names its columns in full: Drizzle leaves the table out in selects from one table. */
const dutiesJson = sql<string>`(
  SELECT coalesce(json_group_array(json_object('duty', d.duty, 'equipment_ids', json(coalesce(d.equipment_ids, 'null')), 'ends_at', d.ends_at)), '[]')
  FROM member_duties d WHERE d.makerspace_id = members.makerspace_id AND d.member_id = members.id)`;

const tagsJson = sql<string>`(
  SELECT coalesce(json_group_array(t.tag), '[]')
  FROM member_tags t WHERE t.makerspace_id = members.makerspace_id AND t.member_id = members.id)`;

const birthDate = sql<string | null>`(
  SELECT b.birth_date FROM minors b WHERE b.makerspace_id = members.makerspace_id AND b.member_id = members.id)`;

/** Columns of `members`, duties and labels as JSON, the date of birth of minors. */
export const memberColumns = {
  ...getTableColumns(members),
  duties: dutiesJson.as("duties"),
  tags: tagsJson.as("tags"),
  birth_date: birthDate.as("birth_date"),
};

/** A row of `memberColumns` as it is selected. */
export type Selected = typeof members.$inferSelect & {
  duties: string;
  tags: string;
  birth_date: string | null;
};

/** A row of `memberColumns` with its duties and labels read. */
export const toMemberRow = (row: Selected): MemberRow => ({
  ...row,
  duties: JSON.parse(row.duties) as DutyGrant[],
  tags: JSON.parse(row.tags) as string[],
});

/** One member of this makerspace, by id. */
export async function findMember(store: SpaceStore, id: string): Promise<MemberRow | null> {
  const [row] = await store.db
    .select(memberColumns)
    .from(members)
    .where(store.in(members, eq(members.id, id)));
  return row ? toMemberRow(row) : null;
}

/** Members of this makerspace by their ids, however many. */
export async function findMembers(store: SpaceStore, ids: readonly string[]): Promise<Map<string, MemberRow>> {
  const rows = await store.db
    .select(memberColumns)
    .from(members)
    .where(store.in(members, among(members.id, ids)));
  return new Map(rows.map((row) => [row.id, toMemberRow(row)]));
}

/** One member of this makerspace by the value `member_id`, for reads that go together. */
export const memberById: BatchRead<MemberRow | null> = {
  build: (store, { member_id = "" }) =>
    store.db
      .select(memberColumns)
      .from(members)
      .where(store.in(members, eq(members.id, member_id))),
  read: (rows) => {
    const [row] = rows as Selected[];
    return row ? toMemberRow(row) : null;
  },
};

/** The member behind the value `user_id`: what else was read by it is theirs. */
export const memberIdOfUser: BatchRead<string | null> = {
  build: (store, { user_id = "" }) =>
    store.db
      .select({ id: members.id })
      .from(members)
      .where(store.in(members, eq(members.user_id, user_id))),
  read: (rows) => (rows as { id: string }[])[0]?.id ?? null,
};

/** As much of a member as every request needs. */
const membershipColumns = {
  id: members.id,
  user_id: members.user_id,
  role: members.role,
  status: members.status,
  first_name: members.first_name,
  last_name: members.last_name,
  hide_name: members.hide_name,
  last_seen_at: members.last_seen_at,
  duties: dutiesJson.as("duties"),
};

const toMembership = (row: Omit<Membership, "duties"> & { duties: string }): Membership => ({
  ...row,
  duties: JSON.parse(row.duties) as DutyGrant[],
});

const byUser = (store: SpaceStore, user_id: string) =>
  store.db
    .select(membershipColumns)
    .from(members)
    .where(store.in(members, eq(members.user_id, user_id)));

const readMembership = (rows: unknown): Membership | null => {
  const [row] = rows as Parameters<typeof toMembership>[0][];
  return row ? toMembership(row) : null;
};

/** The membership whose id a piece of SQL names, as part of the authorisation batch. */
export const membershipById = (
  id: (store: SpaceStore, values: Parameters<ReadBuilder>[1]) => SQL,
): BatchRead<Membership | null> => ({
  build: (store, values) =>
    store.db
      .select(membershipColumns)
      .from(members)
      .where(store.in(members, sql`${members.id} = (${id(store, values)})`)),
  read: readMembership,
});

/** How the platform finds the membership behind a token. */
export const membershipSource: MembershipSource = {
  byUser: {
    build: (store, { user_id = "" }) => byUser(store, user_id),
    read: readMembership,
  },
  async claim(store, user_id, email, now) {
    const waiting = store.in(
      members,
      eq(members.email, email),
      sql`${members.user_id} IS NULL AND ${members.status} <> 'left'`,
    );
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
    // Who waited comes in; who was suspended meanwhile stays so.
    const change = {
      user_id,
      status: sql`CASE ${members.status} WHEN 'pending' THEN 'active' ELSE ${members.status} END`,
      joined_at: sql`CASE ${members.joined_at} WHEN 0 THEN ${now} ELSE ${members.joined_at} END`,
      updated_at: now,
      version: row.version + 1,
    };
    try {
      const envelopes = await commit(
        context,
        {
          action: "member.linked",
          subject: { type: "member", id: row.id, version: change.version },
          after: { user_id },
          events: [{ type: "member.linked", data: { user_id } }],
        },
        [
          write(store.db.update(members).set(change).where(waiting), { expect: "conflict" }),
          await refuseBanned(store, { email, user_id }, now),
        ],
      );
      await sendEvents(envelopes);
    } catch (error) {
      const { code } = error as Problem;
      // For who is banned there is nothing here.
      if (code === "banned") return null;
      // Somebody linked it a moment ago, perhaps this very person in another tab.
      if (code !== "conflict") throw error;
    }
    // The event repeats it, should the directory be away now.
    await indexMembership(user_id, store.makerspace_id, row.id).catch(() => undefined);
    const [linked] = await byUser(store, user_id);
    return linked ? toMembership(linked) : null;
  },
  async seen(store, member_id, now) {
    // Neither a change of the resource nor anything for the audit: its version stays.
    await store.db
      .update(members)
      .set({ last_seen_at: now })
      .where(store.in(members, eq(members.id, member_id), lt(members.last_seen_at, now)));
  },
};

/** Notes in the directory who belongs where; running twice changes nothing. */
export async function indexMembership(user_id: string, makerspace_id: string, member_id: string): Promise<void> {
  await directory()
    .insert(membershipIndex)
    .values({ user_id, makerspace_id, member_id })
    .onConflictDoUpdate({ target: [membershipIndex.user_id, membershipIndex.makerspace_id], set: { member_id } });
}
