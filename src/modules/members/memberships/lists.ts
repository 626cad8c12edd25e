/** Lists of memberships and their transactions: one bounded index walk per combination of filters. */

import type { z } from "@hono/zod-openapi";
import { and, asc, desc, eq, lt, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { byNumberAndId, combinations, leads, mergeWalks, within } from "../../../platform/db/fan-out.ts";
import { type Page, pageById, readCursor, toPage } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type {
  Membership,
  MembershipQuery,
  MembershipTransaction,
  OwnMembershipQuery,
  TransactionQuery,
} from "./contract.ts";
import { membershipStates } from "./model.ts";
import { memberships, membershipTransactions } from "./tables.ts";
import { type MembershipRow, type TransactionRow, viewMembership, viewTransaction } from "./view.ts";

const seesAll = (space: Space): boolean => space.scope("memberships.read") === "any";

/** Whose: somebody for staff, oneself for members. @throws forbidden when a member asks for another */
function whose(space: Space, named: string | undefined): string | undefined {
  const member_id = named === "me" || (named === undefined && !seesAll(space)) ? space.actor.id : named;
  if (member_id !== undefined && member_id !== space.actor.id && !seesAll(space)) throw problem("forbidden");
  return member_id;
}

/** The payer who was asked for. @throws forbidden when a member asks for another */
function payerAsked(space: Space, named: string | undefined): string | undefined {
  const payer = named === "me" ? space.actor.id : named;
  if (payer !== undefined && payer !== space.actor.id && !seesAll(space)) throw problem("forbidden");
  return payer;
}

/** An equality that no index may lead with: another one leads to few rows, and these are looked through. */
const beside = (column: SQLiteColumn, value: string): SQL => sql`+${column} = ${value}`;

/**
 * Memberships by the end of their period; members see their own.
 * @throws forbidden when a member filters by somebody else
 */
export async function listMemberships(
  space: Space,
  query: z.output<typeof MembershipQuery>,
): Promise<Page<z.output<typeof Membership>>> {
  const { limit, cursor, sort, ...filter } = query;
  const member_id = whose(space, filter.member_id);
  const list = ["memberships", filter, sort, member_id];
  const after = readCursor(cursor, list);
  const direction = sort === "ends_at" ? "asc" : "desc";
  const order = direction === "asc" ? asc : desc;
  // The few of one member are looked through; every other index carries the status before the end.
  const found =
    member_id === undefined
      ? combinations({ plan_id: filter.plan_id, status: filter.status ?? membershipStates })
      : combinations({ plan_id: filter.plan_id, status: filter.status });
  const match = member_id === undefined ? leads : beside;
  const walks = found.map((one) =>
    space.db
      .select()
      .from(memberships)
      .where(
        space.store.in(
          memberships,
          member_id === undefined ? undefined : leads(memberships.member_id, member_id),
          one.plan_id === undefined ? undefined : match(memberships.plan_id, one.plan_id),
          one.status === undefined ? undefined : match(memberships.status, one.status),
          within(memberships.ends_at, memberships.id, { from: filter.ends_from, to: filter.ends_to, after, direction }),
        ),
      )
      .orderBy(order(memberships.ends_at), order(memberships.id))
      .limit(limit + 1),
  );
  const byEnd = byNumberAndId<MembershipRow>((row) => row.ends_at, direction);
  const rows = await space.time("db", mergeWalks<MembershipRow>(space.db, walks, byEnd, limit + 1));
  const view = (row: MembershipRow) => viewMembership(row, space.now);
  return toPage(rows, limit, list, (row) => ({ value: row.ends_at, id: row.id }), view);
}

/** All memberships of one member, the newest first. @throws not_found when a member asks for another */
export async function listMembershipsOf(
  space: Space,
  member_id: string,
  query: z.output<typeof OwnMembershipQuery>,
): Promise<Page<z.output<typeof Membership>>> {
  if (!seesAll(space) && member_id !== space.actor.id) throw problem("not_found");
  const walk = (after: string | null, limit: number) =>
    space.db
      .select()
      .from(memberships)
      .where(
        space.store.in(
          memberships,
          leads(memberships.member_id, member_id),
          after === null ? undefined : lt(memberships.id, after),
        ),
      )
      .orderBy(desc(memberships.id))
      .limit(limit);
  return pageById(query, ["memberships_of", member_id], walk, (row) => viewMembership(row, space.now));
}

/** One membership, for staff or for its member. @throws not_found */
export async function readMembership(space: Space, id: string): Promise<z.output<typeof Membership>> {
  const [row] = await space.db
    .select()
    .from(memberships)
    .where(space.store.in(memberships, eq(memberships.id, id)));
  if (!row || (!seesAll(space) && row.member_id !== space.actor.id)) throw problem("not_found");
  return viewMembership(row, space.now);
}

const toTransaction = (row: typeof membershipTransactions.$inferSelect): TransactionRow => row as TransactionRow;

/** The index that leads: one membership's, one member's, a kind's, or all by time. */
function leading(one: {
  kind?: string;
  membership_id?: string;
  member_id?: string;
  payer_member_id?: string;
}): SQL | undefined {
  const { kind, membership_id, member_id, payer_member_id } = one;
  const isFew = membership_id !== undefined || member_id !== undefined || payer_member_id !== undefined;
  return and(
    payer_member_id === undefined
      ? undefined
      : member_id === undefined && membership_id === undefined
        ? leads(membershipTransactions.payer_member_id, payer_member_id)
        : beside(membershipTransactions.payer_member_id, payer_member_id),
    membership_id === undefined ? undefined : leads(membershipTransactions.membership_id, membership_id),
    // Of a membership's few, and of a member's, the rest is looked through.
    member_id === undefined
      ? undefined
      : membership_id === undefined
        ? leads(membershipTransactions.member_id, member_id)
        : beside(membershipTransactions.member_id, member_id),
    kind === undefined
      ? undefined
      : isFew
        ? beside(membershipTransactions.kind, kind)
        : leads(membershipTransactions.kind, kind),
  );
}

/** Transactions by time, the newest first unless told; members see their own. @throws forbidden when a member asks for another's */
export async function listTransactions(
  space: Space,
  query: z.output<typeof TransactionQuery>,
): Promise<Page<z.output<typeof MembershipTransaction>>> {
  const { limit, cursor, sort, ...filter } = query;
  const payer_member_id = payerAsked(space, filter.payer_member_id);
  // What one pays for others is one's own as well.
  const member_id = payer_member_id === undefined || seesAll(space) ? whose(space, filter.member_id) : filter.member_id;
  const list = ["membership_transactions", filter, sort, member_id, payer_member_id];
  const after = readCursor(cursor, list);
  const direction = sort === "created_at" ? "asc" : "desc";
  const order = direction === "asc" ? asc : desc;
  const { created_at, id } = membershipTransactions;
  const range = within(created_at, id, { from: filter.created_from, to: filter.created_to, after, direction });
  const walks = combinations({
    kind: filter.kind,
    membership_id: filter.membership_id === undefined ? undefined : [filter.membership_id],
    member_id: member_id === undefined ? undefined : [member_id],
    payer_member_id: payer_member_id === undefined ? undefined : [payer_member_id],
  }).map((one) =>
    space.db
      .select()
      .from(membershipTransactions)
      .where(space.store.in(membershipTransactions, leading(one), range))
      .orderBy(order(created_at), order(id))
      .limit(limit + 1),
  );
  type Row = typeof membershipTransactions.$inferSelect;
  const byTime = byNumberAndId<Row>((row) => row.created_at, direction);
  const rows = await space.time("db", mergeWalks<Row>(space.db, walks, byTime, limit + 1));
  const key = (row: Row) => ({ value: row.created_at, id: row.id });
  return toPage(rows, limit, list, key, (row) => viewTransaction(toTransaction(row)));
}

/** One transaction, for staff, for its member, or for who pays. @throws not_found */
export async function readTransaction(space: Space, id: string): Promise<z.output<typeof MembershipTransaction>> {
  const [row] = await space.db
    .select()
    .from(membershipTransactions)
    .where(space.store.in(membershipTransactions, eq(membershipTransactions.id, id)));
  const isOwn = row && [row.member_id, row.payer_member_id].includes(space.actor.id);
  if (!row || (!seesAll(space) && !isOwn)) throw problem("not_found");
  return viewTransaction(toTransaction(row));
}
