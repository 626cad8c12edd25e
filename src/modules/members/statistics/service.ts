/** Figures about members, counted in indexes when they are asked for. */

import { and, eq, gte, inArray, lt, type SQL, sql } from "drizzle-orm";
import { Temporal } from "temporal-polyfill";
import { type MemberRole, memberRoles } from "../../../platform/access/permissions.ts";
import { type MembershipStatus, membershipStatuses } from "../../../platform/access/statuses.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import { currentStates } from "../memberships/model.ts";
import { memberships } from "../memberships/tables.ts";
import { plans } from "../plans/tables.ts";
import { members } from "../tables.ts";

const SOON = 30 * DAY;

/** Midnight of the first of the month, on the wall clock of a zone. */
const monthBegan = (now: number, zone: string): number =>
  Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).with({ day: 1 }).startOfDay().epochMilliseconds;

const amount = sql<number>`count(*)`;

/** Every name with its count; what nobody has is none. */
const filled = <K extends string>(names: readonly K[], rows: readonly { name: K; members: number }[]) =>
  Object.fromEntries(names.map((name) => [name, rows.find((row) => row.name === name)?.members ?? 0])) as Record<
    K,
    number
  >;

/** Counts of members by status, role and plan, of newcomers and of memberships that end. */
export async function memberStatistics(space: Space) {
  const { db, store, now, settings } = space;
  const inSpace = (...conditions: SQL[]) => store.in(members, ...conditions);
  const [byStatus, byRole, byPlan, newcomers, ending] = await space.time(
    "db",
    db.batch([
      db.select({ name: members.status, members: amount }).from(members).where(inSpace()).groupBy(members.status),
      db
        .select({ name: members.role, members: amount })
        .from(members)
        .where(inSpace(eq(members.status, "active")))
        .groupBy(members.role),
      db
        .select({
          plan_id: memberships.plan_id,
          name: sql<string>`${plans.name}`.as("name"),
          members: amount.as("members"),
        })
        .from(memberships)
        .innerJoin(plans, and(eq(plans.makerspace_id, memberships.makerspace_id), eq(plans.id, memberships.plan_id)))
        .where(store.in(memberships, inArray(memberships.status, currentStates)))
        .groupBy(memberships.plan_id)
        .orderBy(memberships.plan_id),
      db
        .select({ members: amount })
        .from(members)
        .where(
          inSpace(
            inArray(members.status, [...membershipStatuses]),
            gte(members.joined_at, monthBegan(now, settings.timezone)),
          ),
        ),
      db
        .select({ members: amount })
        .from(memberships)
        .where(
          store.in(
            memberships,
            eq(memberships.status, "active"),
            gte(memberships.ends_at, now),
            lt(memberships.ends_at, now + SOON),
            sql`((${memberships.auto_renew} = 0 AND ${memberships.next_plan_id} IS NULL) OR ${memberships.cancels_at_end} = 1)`,
          ),
        ),
    ]),
  );
  return {
    by_status: filled<MembershipStatus>(membershipStatuses, byStatus),
    by_role: filled<MemberRole>(memberRoles, byRole),
    by_plan: byPlan,
    new_this_month: newcomers[0]?.members ?? 0,
    expiring: ending[0]?.members ?? 0,
  };
}
