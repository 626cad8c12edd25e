/** Reading groups: one, a page, who is in one, and who pays for whom. */

import type { z } from "@hono/zod-openapi";
import { and, asc, eq, getTableColumns, gt, sql } from "drizzle-orm";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { members } from "../tables.ts";
import type { BillingGroup, BillingGroupQuery, GroupMember, GroupMemberQuery } from "./contract.ts";
import { type GroupKind, groupStatuses } from "./model.ts";
import { billingGroupMembers, billingGroups } from "./tables.ts";
import { type GroupMemberRow, type GroupRow, viewGroup, viewGroupMember } from "./view.ts";

export const seesAll = (space: Space): boolean => space.scope("billing_groups.read") === "any";

/** Columns of a group, with its payer's name and how many are in it. */
const columns = {
  group: getTableColumns(billingGroups),
  payer: { first_name: members.first_name, last_name: members.last_name },
  member_count: sql<number>`(SELECT count(*) FROM billing_group_members m
    WHERE m.makerspace_id = ${billingGroups.makerspace_id} AND m.group_id = ${billingGroups.id})`,
};

const select = (store: SpaceStore) =>
  store.db
    .select(columns)
    .from(billingGroups)
    .leftJoin(
      members,
      and(eq(members.makerspace_id, billingGroups.makerspace_id), eq(members.id, billingGroups.payer_member_id)),
    );

/** The group that a member is in, as SQL. */
const groupOf = (store: SpaceStore, member_id: string) => sql`(
  SELECT mine.group_id FROM billing_group_members mine
  WHERE mine.makerspace_id = ${store.makerspace_id} AND mine.member_id = ${member_id})`;

/** One group; to members their own alone. @throws not_found */
export async function requiredGroup(space: Space, id: string): Promise<GroupRow> {
  const own = seesAll(space) ? undefined : sql`${billingGroups.id} = ${groupOf(space.store, space.actor.id)}`;
  const [row] = await select(space.store).where(space.store.in(billingGroups, eq(billingGroups.id, id), own));
  if (!row) throw problem("not_found");
  return row;
}

/** One group. @throws not_found */
export const readGroup = async (space: Space, id: string): Promise<z.output<typeof BillingGroup>> =>
  viewGroup(await requiredGroup(space, id));

/** The group of a member, for staff and for oneself. @throws not_found without one, too */
export async function readGroupOf(space: Space, named: string): Promise<z.output<typeof BillingGroup>> {
  const member_id = named === "me" ? space.member.id : named;
  if (!seesAll(space) && member_id !== space.actor.id) throw problem("not_found");
  const [row] = await select(space.store).where(
    space.store.in(billingGroups, sql`${billingGroups.id} = ${groupOf(space.store, member_id)}`),
  );
  if (!row) throw problem("not_found");
  return viewGroup(row);
}

type Query = z.output<typeof BillingGroupQuery>;

/** Groups in the order in which they were made; members see their own. @throws forbidden when a member asks for another's */
export async function listGroups(space: Space, query: Query): Promise<Page<z.output<typeof BillingGroup>>> {
  const { limit, cursor, ...filter } = query;
  const payer = filter.payer_member_id === "me" ? space.member.id : filter.payer_member_id;
  const all = seesAll(space);
  if (!all && payer !== undefined && payer !== space.actor.id) throw problem("forbidden");
  const list = ["billing_groups", filter, payer, all];
  const after = readCursor(cursor, list)?.id ?? null;
  const isFew = payer !== undefined || filter.external_id !== undefined || !all;
  const statuses = filter.status ?? (isFew ? groupStatuses : (["active"] as const));
  const walks = combinations({ kind: filter.kind, status: statuses }).map(({ kind, status }) =>
    select(space.store)
      .where(
        space.store.in(
          billingGroups,
          payer === undefined ? undefined : leads(billingGroups.payer_member_id, payer),
          filter.external_id === undefined ? undefined : leads(billingGroups.external_id, filter.external_id),
          all ? undefined : sql`${billingGroups.id} = ${groupOf(space.store, space.actor.id)}`,
          kind === undefined ? undefined : sql`${billingGroups.kind} = ${kind}`,
          status === undefined ? undefined : sql`${billingGroups.status} = ${status}`,
          after === null ? undefined : gt(billingGroups.id, after),
        ),
      )
      .orderBy(asc(billingGroups.id))
      .limit(limit + 1),
  );
  const order = (a: GroupRow, b: GroupRow): number => (a.group.id < b.group.id ? -1 : 1);
  const rows = await space.time("db", mergeWalks<GroupRow>(space.db, walks, order, limit + 1));
  return toPage(rows, limit, list, ({ group }) => ({ value: group.id, id: group.id }), viewGroup);
}

/** Who is in a group, by id: all of them for staff and for the payer, oneself for the others. @throws not_found */
export async function listGroupMembers(
  space: Space,
  group_id: string,
  { limit, cursor }: z.output<typeof GroupMemberQuery>,
): Promise<Page<z.output<typeof GroupMember>>> {
  const { group } = await requiredGroup(space, group_id);
  const all = seesAll(space) || group.payer_member_id === space.actor.id;
  const list = ["billing_group_members", group_id, all];
  const after = readCursor(cursor, list)?.id ?? null;
  const rows: GroupMemberRow[] = await space.db
    .select({
      ...getTableColumns(billingGroupMembers),
      first_name: members.first_name,
      last_name: members.last_name,
      is_payer: sql`${billingGroupMembers.member_id} IS ${group.payer_member_id}`.mapWith(Boolean),
    })
    .from(billingGroupMembers)
    .innerJoin(
      members,
      and(eq(members.makerspace_id, billingGroupMembers.makerspace_id), eq(members.id, billingGroupMembers.member_id)),
    )
    .where(
      space.store.in(
        billingGroupMembers,
        leads(billingGroupMembers.group_id, group_id),
        all ? undefined : eq(billingGroupMembers.member_id, space.actor.id),
        after === null ? undefined : gt(billingGroupMembers.member_id, after),
      ),
    )
    .orderBy(asc(billingGroupMembers.member_id))
    .limit(limit + 1);
  return toPage(rows, limit, list, ({ member_id }) => ({ value: member_id, id: member_id }), viewGroupMember);
}

/** Whether a member is in a group of this kind; a plan that asks for none takes everybody. */
export async function isInGroup(store: SpaceStore, member_id: string, kind: GroupKind | null): Promise<boolean> {
  if (kind === null) return true;
  const own = store.in(
    billingGroups,
    sql`${billingGroups.id} = ${groupOf(store, member_id)}`,
    eq(billingGroups.kind, kind),
  );
  const rows = await store.db.select({ id: billingGroups.id }).from(billingGroups).where(own);
  return rows.length > 0;
}

/** Who pays for a member, as SQL: the payer of their group; null for themselves. */
export const payerSql = (store: SpaceStore, member_id: string) => sql<string | null>`(
  SELECT g.payer_member_id FROM billing_group_members m
  JOIN billing_groups g ON g.makerspace_id = m.makerspace_id AND g.id = m.group_id
  WHERE m.makerspace_id = ${store.makerspace_id} AND m.member_id = ${member_id}
    AND g.payer_member_id IS NOT ${member_id})`;

/** Who pays for a member now: the payer of their family or company, or they themselves. */
export async function payerOf(store: SpaceStore, member_id: string): Promise<string> {
  const [row] = await store.db.all<{ payer: string | null }>(sql`SELECT ${payerSql(store, member_id)} AS payer`);
  return row?.payer ?? member_id;
}

/** For whom these members pay, by payer: whoever pays for others cannot leave before they hand over. */
export async function paidFor(
  { db, store }: Pick<Space, "db" | "store">,
  payer_ids: readonly string[],
): Promise<Map<string, string[]>> {
  const rows = await db.all<{ payer_id: string; member_id: string }>(sql`
    SELECT one.value AS payer_id, paid.member_id FROM json_each(${JSON.stringify(payer_ids)}) one
    CROSS JOIN billing_groups g ON g.makerspace_id = ${store.makerspace_id} AND g.payer_member_id = one.value
    CROSS JOIN billing_group_members paid
      ON paid.makerspace_id = g.makerspace_id AND paid.group_id = g.id AND paid.member_id <> g.payer_member_id`);
  const payers = Map.groupBy(rows, ({ payer_id }) => payer_id);
  return new Map([...payers].map(([payer_id, paid]) => [payer_id, paid.map(({ member_id }) => member_id)]));
}
