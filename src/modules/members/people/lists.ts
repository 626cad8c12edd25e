/** Lists of members: one bounded index walk per combination of filters. */

import type { z } from "@hono/zod-openapi";
import { asc, gt, sql } from "drizzle-orm";
import { membershipStatuses } from "../../../platform/access/membership.ts";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { members } from "../tables.ts";
import type { MemberOrEntry, MemberQuery } from "./contract.ts";
import { memberColumns, toMemberRow } from "./reads.ts";
import { viewFor } from "./view.ts";

type Row = Parameters<typeof toMemberRow>[0];

/**
 * Members by id. Without staff permission others are directory entries, only active ones, and cannot be filtered.
 * @throws forbidden for a filter that would tell what an entry hides.
 */
export async function listMembers(
  space: Space,
  query: z.output<typeof MemberQuery>,
): Promise<Page<z.output<typeof MemberOrEntry>>> {
  const { limit, cursor, ...filter } = query;
  const all = space.scope("members.read") === "any";
  if (!all && (filter.role || filter.status || filter.external_id)) {
    throw problem("forbidden", { detail: "Filters on members need members.read for all." });
  }
  const list = ["members", filter];
  const after = readCursor(cursor, list);
  const { role, external_id } = filter;
  const status = all ? filter.status : ["active"];
  // Without a status, a role's index is walked once for each, so that rows stay in order.
  const found = combinations({ role, status: status ?? (role && !external_id ? membershipStatuses : undefined) });
  const walks = found.map((one) =>
    space.db
      .select(memberColumns)
      .from(members)
      .where(
        space.store.in(
          members,
          external_id === undefined ? undefined : leads(members.external_id, external_id),
          one.role === undefined ? undefined : sql`${members.role} = ${one.role}`,
          one.status === undefined ? undefined : sql`${members.status} = ${one.status}`,
          after ? gt(members.id, after.id) : undefined,
        ),
      )
      .orderBy(asc(members.id))
      .limit(limit + 1),
  );
  const byId = (a: Row, b: Row): number => (a.id < b.id ? -1 : 1);
  const rows = await space.time("db", mergeWalks(space.db, walks, byId, limit + 1));
  return toPage(rows.map(toMemberRow), limit, list, (row) => ({ value: row.id, id: row.id }), viewFor(space));
}
