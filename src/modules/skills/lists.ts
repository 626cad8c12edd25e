/** Lists of what members have to do with skills: their certifications, what they ask for. */

import { lt, type SQL } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { combinations, leads, mergeWalks } from "../../platform/db/fan-out.ts";
import { type Page, pageById } from "../../platform/db/page.ts";
import type { SpaceTable } from "../../platform/db/store.ts";
import { problem } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";

type Permission = "certifications.read" | "skill_requests.read";

export interface OfMembersQuery<Status extends string> {
  limit: number;
  cursor?: string | undefined;
  member_id?: string | undefined;
  skill_id?: string | undefined;
  status?: readonly Status[] | undefined;
}

interface OfMembers<Row, Status extends string, View> {
  name: string;
  permission: Permission;
  table: SpaceTable & Record<"id" | "member_id" | "skill_id" | "status", SQLiteColumn>;
  statuses: readonly Status[];
  read(where: SQL, limit: number): BatchItem<"sqlite"> & PromiseLike<Row[]>;
  view(row: Row): View;
}

/** Of whom a list may tell: oneself, or with staff permission anybody. @throws forbidden */
function whoseOf(space: Space, permission: Permission, asked?: string): string | undefined {
  const member_id = asked === "me" ? space.actor.id : asked;
  if (space.scope(permission) === "any") return member_id;
  if (member_id !== undefined && member_id !== space.actor.id) {
    throw problem("forbidden", { detail: "What others have learnt is shown to staff." });
  }
  return space.actor.id;
}

/** Newest first; members see their own. @throws forbidden */
export async function listOfMembers<Row extends { id: string }, Status extends string, View>(
  space: Space,
  query: OfMembersQuery<Status>,
  { name, permission, table, statuses, read, view }: OfMembers<Row, Status, View>,
): Promise<Page<View>> {
  const { limit: _, cursor: __, ...filter } = query;
  const member_id = whoseOf(space, permission, filter.member_id);
  const { skill_id, status = statuses } = filter;
  const is = (column: SQLiteColumn, value: string | undefined) =>
    value === undefined ? undefined : leads(column, value);
  const newest = (a: Row, b: Row): number => (a.id > b.id ? -1 : 1);
  const walk = (after: string | null, limit: number): Promise<Row[]> => {
    const walks = combinations({ status }).map((one) =>
      read(
        space.store.in(
          table,
          is(table.member_id, member_id),
          is(table.skill_id, skill_id),
          is(table.status, one.status),
          after === null ? undefined : lt(table.id, after),
        ),
        limit,
      ),
    );
    return space.time("db", mergeWalks(space.db, walks, newest, limit));
  };
  return pageById(query, [name, filter], walk, view);
}
