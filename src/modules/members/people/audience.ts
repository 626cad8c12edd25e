/** Whom to tell: members as the receivers of notifications and announcements. Each read grows with its page, not with the makerspace. */

import { and, asc, eq, gt, inArray, isNull, or, sql } from "drizzle-orm";
import type { Duty } from "../../../platform/access/permissions.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { memberships } from "../memberships/tables.ts";
import { plans } from "../plans/tables.ts";
import { memberDuties, members } from "../tables.ts";

/** Where and how a member is reached. `timezone` and `locale` are null where the makerspace's hold. */
interface Contact {
  id: string;
  email: string;
  first_name: string;
  status: typeof members.$inferSelect.status;
  timezone: string | null;
  locale: string | null;
}

/** The contacts of these members. */
export const contactsOf = (store: SpaceStore, ids: readonly string[]): Promise<Contact[]> =>
  store.db
    .select({
      id: members.id,
      email: members.email,
      first_name: members.first_name,
      status: members.status,
      timezone: members.timezone,
      locale: members.locale,
    })
    .from(members)
    .where(store.in(members, inArray(members.id, sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`)));

const idsOf = (rows: readonly { id: string }[]): string[] => rows.map((row) => row.id);

/** Active administrators, and active members who hold one of these duties without a limit to some machines. */
export async function staffIds(store: SpaceStore, duties: readonly Duty[], now: number): Promise<string[]> {
  const admins = await store.db
    .select({ id: members.id })
    .from(members)
    .where(store.in(members, eq(members.role, "makerspace_admin"), eq(members.status, "active")));
  if (duties.length === 0) return idsOf(admins);
  const holders = await store.db.all<{ id: string }>(sql`
    SELECT DISTINCT m.id FROM member_duties d JOIN members m ON m.makerspace_id = d.makerspace_id AND m.id = d.member_id
    WHERE d.makerspace_id = ${store.makerspace_id} AND d.duty IN (SELECT value FROM json_each(${JSON.stringify(duties)}))
      AND d.equipment_ids IS NULL AND (d.ends_at IS NULL OR d.ends_at > ${now}) AND m.status = 'active'`);
  return [...new Set([...idsOf(admins), ...idsOf(holders)])];
}

/** Active members by id, after one; all of them, or those on a plan now. */
export async function activeMemberIds(
  store: SpaceStore,
  { after, limit, plan_id }: { after: string; limit: number; plan_id: string | null },
): Promise<string[]> {
  if (plan_id === null) {
    const page = store.in(members, eq(members.status, "active"), gt(members.id, after));
    return idsOf(
      await store.db.select({ id: members.id }).from(members).where(page).orderBy(asc(members.id)).limit(limit),
    );
  }
  // The plan's index is not in this order: reading grows with the plan's members, and a plan is walked once.
  const onPlan = and(
    store.in(memberships, eq(memberships.plan_id, plan_id)),
    inArray(memberships.status, ["active", "paused"]),
    gt(memberships.member_id, after),
  );
  const rows = await store.db
    .select({ id: memberships.member_id })
    .from(memberships)
    .innerJoin(
      members,
      and(eq(members.makerspace_id, memberships.makerspace_id), eq(members.id, memberships.member_id)),
    )
    .where(and(onPlan, eq(members.status, "active")))
    .orderBy(asc(memberships.member_id))
    .limit(limit);
  return idsOf(rows);
}

/** Whether there is such a plan. */
export async function planExists(store: SpaceStore, id: string): Promise<boolean> {
  const rows = await store.db
    .select({ id: plans.id })
    .from(plans)
    .where(store.in(plans, eq(plans.id, id)));
  return rows.length > 0;
}

/** Active members with one of these duties now, on this machine if one is named. At most 200: more are no longer told, but shouted at. */
export async function onDuty(
  store: SpaceStore,
  wanted: readonly Duty[],
  now: number,
  equipment_id?: string,
): Promise<string[]> {
  const rows = await store.db
    .selectDistinct({ id: members.id })
    .from(memberDuties)
    .innerJoin(
      members,
      and(eq(members.makerspace_id, memberDuties.makerspace_id), eq(members.id, memberDuties.member_id)),
    )
    .where(
      store.in(
        memberDuties,
        inArray(memberDuties.duty, [...wanted]),
        eq(members.status, "active"),
        or(isNull(memberDuties.ends_at), gt(memberDuties.ends_at, now)),
        sql`(${memberDuties.equipment_ids} IS NULL OR ${equipment_id ?? null} IN (SELECT value FROM json_each(${memberDuties.equipment_ids})))`,
      ),
    )
    .limit(200);
  return rows.map((row) => row.id);
}
