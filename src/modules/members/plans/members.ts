/** Who is on a plan. */

import type { z } from "@hono/zod-openapi";
import { and, asc, eq } from "drizzle-orm";
import { byNumberAndId, combinations, leads, mergeWalks, within } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import { endOf } from "../memberships/cycles.ts";
import { currentStates, type MembershipState } from "../memberships/model.ts";
import { memberships } from "../memberships/tables.ts";
import { displayName } from "../model.ts";
import { members } from "../tables.ts";
import type { PlanMember, PlanMemberQuery } from "./contract.ts";
import { requiredPlan } from "./service.ts";

interface Row {
  id: string;
  member_id: string;
  status: MembershipState;
  starts_at: number;
  ends_at: number;
  first_name: string;
  last_name: string;
}

/** Members on a plan, those whose period ends first at the front. @throws not_found */
export async function listPlanMembers(
  space: Space,
  plan_id: string,
  query: z.output<typeof PlanMemberQuery>,
): Promise<Page<z.output<typeof PlanMember>>> {
  const { limit, cursor, status = currentStates } = query;
  await requiredPlan(space, plan_id);
  const list = ["plan_members", plan_id, status];
  const after = readCursor(cursor, list);
  const walks = combinations({ status }).map((one) =>
    space.db
      .select({
        id: memberships.id,
        member_id: memberships.member_id,
        status: memberships.status,
        starts_at: memberships.starts_at,
        ends_at: memberships.ends_at,
        first_name: members.first_name,
        last_name: members.last_name,
      })
      .from(memberships)
      .innerJoin(
        members,
        and(eq(members.makerspace_id, memberships.makerspace_id), eq(members.id, memberships.member_id)),
      )
      .where(
        space.store.in(
          memberships,
          leads(memberships.plan_id, plan_id),
          leads(memberships.status, one.status ?? ""),
          within(memberships.ends_at, memberships.id, { after, direction: "asc" }),
        ),
      )
      .orderBy(asc(memberships.ends_at), asc(memberships.id))
      .limit(limit + 1),
  );
  const order = byNumberAndId<Row>((row) => row.ends_at, "asc");
  const rows = await space.time("db", mergeWalks<Row>(space.db, walks, order, limit + 1));
  return toPage(
    rows,
    limit,
    list,
    (row) => ({ value: row.ends_at, id: row.id }),
    (row) => ({
      member_id: row.member_id,
      display_name: displayName(row),
      membership_id: row.id,
      status: row.status,
      starts_at: toIso(row.starts_at),
      ends_at: toIsoOrNull(endOf(row.ends_at)),
    }),
  );
}
