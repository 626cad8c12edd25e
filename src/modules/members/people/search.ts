/** Lists of members that another table leads: what a search found, a label, a plan. */

import { and, asc, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { MembershipStatus } from "../../../platform/access/statuses.ts";
import { COUNT_MAX, type Count, countUpTo } from "../../../platform/db/count.ts";
import { byNumberAndId, mergeWalks, within } from "../../../platform/db/fan-out.ts";
import type { Cursor } from "../../../platform/db/page.ts";
import type { Space } from "../../../platform/space.ts";
import { currentStates } from "../memberships/model.ts";
import { memberships } from "../memberships/tables.ts";
import { members, memberTags } from "../tables.ts";
import { memberColumns, type Selected } from "./reads.ts";

/** A member and where they stand in the order of a list. */
export type FoundRow = Selected & { at: string | number; by: string };

/** A list, ready to be read. */
export interface Found {
  rows(limit: number, after: Cursor | null): Promise<FoundRow[]>;
  count(): Promise<Count>;
}

const joined = (key: typeof memberTags | typeof memberships): SQL | undefined =>
  and(eq(members.makerspace_id, key.makerspace_id), eq(members.id, key.member_id));

/** Columns by names of their own: D1 answers rows by name, and two tables share some. */
export const placedBy = (at: SQLiteColumn, by: SQLiteColumn) => ({
  at: sql<string | number>`${at}`.as("at"),
  by: sql<string>`${by}`.as("by"),
});

/** Members with words that begin like these, by age. Only names are looked at, or e-mail addresses as well. */
export function searched(
  { db, store, id }: Space,
  words: readonly string[],
  columns: "names" | "names email",
  statuses: readonly MembershipStatus[],
): Found {
  const quoted = words.map((word) => `{${columns}} : "${word}" *`);
  const scope = `scope : "${id.replaceAll("-", "")}" AND scope : (${statuses.join(" OR ")})`;
  const text = [scope, ...quoted].join(" AND ");
  const hits = (after: number, limit: number): SQL =>
    sql`(SELECT rowid FROM member_search WHERE member_search MATCH ${text} AND rowid > ${after} ORDER BY rowid LIMIT ${limit})`;
  return {
    rows: (limit, after) =>
      db
        .select({ ...memberColumns, ...placedBy(members.search_id, members.id) })
        .from(members)
        .where(store.in(members, sql`${members.search_id} IN ${hits(Number(after?.value ?? 0), limit)}`))
        .orderBy(asc(members.search_id)),
    count: () =>
      countUpTo(
        db,
        db
          .select({ id: members.id })
          .from(members)
          .where(store.in(members, sql`${members.search_id} IN ${hits(0, COUNT_MAX + 1)}`))
          .$dynamic(),
      ),
  };
}

/** Members with a label, by age. */
export function labelled({ db, store }: Space, tag: string, statuses: readonly MembershipStatus[]): Found {
  return {
    rows: (limit, after) => {
      const walks = statuses.map((status) =>
        db
          .select({ ...memberColumns, ...placedBy(memberTags.member_id, memberTags.member_id) })
          .from(memberTags)
          .innerJoin(members, joined(memberTags))
          .where(
            store.in(
              memberTags,
              eq(memberTags.tag, tag),
              eq(memberTags.status, status),
              after ? sql`${memberTags.member_id} > ${after.id}` : undefined,
            ),
          )
          .orderBy(asc(memberTags.member_id))
          .limit(limit),
      );
      return mergeWalks(db, walks, (a: FoundRow, b: FoundRow) => (a.id < b.id ? -1 : 1), limit);
    },
    count: () =>
      countUpTo(
        db,
        db
          .select({ id: memberTags.member_id })
          .from(memberTags)
          .where(store.in(memberTags, eq(memberTags.tag, tag), inArray(memberTags.status, [...statuses])))
          .$dynamic(),
      ),
  };
}

/** Members on a plan now, by the end of their period: who runs out first comes first. */
export function onPlan({ db, store }: Space, plan_id: string): Found {
  return {
    rows: (limit, after) => {
      const walks = currentStates.map((status) =>
        db
          .select({ ...memberColumns, ...placedBy(memberships.ends_at, memberships.id) })
          .from(memberships)
          .innerJoin(members, joined(memberships))
          .where(
            store.in(
              memberships,
              eq(memberships.plan_id, plan_id),
              eq(memberships.status, status),
              within(memberships.ends_at, memberships.id, { after, direction: "asc" }),
            ),
          )
          .orderBy(asc(memberships.ends_at), asc(memberships.id))
          .limit(limit),
      );
      const inOrder = byNumberAndId<{ id: string; at: number }>((row) => row.at, "asc");
      const place = ({ at, by }: FoundRow) => ({ id: by, at: Number(at) });
      return mergeWalks<FoundRow>(db, walks, (a, b) => inOrder(place(a), place(b)), limit);
    },
    count: () =>
      countUpTo(
        db,
        db
          .select({ id: memberships.id })
          .from(memberships)
          .where(store.in(memberships, eq(memberships.plan_id, plan_id), inArray(memberships.status, currentStates)))
          .$dynamic(),
      ),
  };
}
