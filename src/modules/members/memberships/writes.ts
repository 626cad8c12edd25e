/** What each step of a membership writes: its row, its transaction, its place on the plan, and the member's standing. */

import { and, eq, inArray, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { payerOf, payerSql } from "../billing_groups/reads.ts";
import { plans } from "../plans/tables.ts";
import { type PlanRow, toPlanRow } from "../plans/view.ts";
import type { PaymentsPort } from "../port.ts";
import { members } from "../tables.ts";
import { endOf } from "./cycles.ts";
import {
  amountOf,
  type Breakdown,
  dueAt,
  type MembershipStep,
  mayTake,
  membershipTransitions,
  nothingDue,
  type TransactionKind,
} from "./model.ts";
import { memberFollows, memberReturns } from "./standing.ts";
import { memberships, membershipTransactions } from "./tables.ts";
import { isCurrent, type MembershipRow, type TransactionRow, viewMembership } from "./view.ts";

/** As much of a member as decides whether they may have a membership. */
export interface MemberStanding {
  id: string;
  status: "pending" | "active" | "suspended" | "expired" | "left";
}

/** A transaction without what every one has. */
export interface TransactionDraft {
  kind: TransactionKind;
  breakdown?: Breakdown;
  period: { from: number; to: number };
  reason?: string | null;
}

/** May the caller act for everybody, or for themselves alone? */
export const isStaff = (space: Space): boolean => space.scope("memberships.manage") === "any";

/** @throws illegal_transition when the step does not lead on from here */
export function refuseStep(step: MembershipStep, row: MembershipRow, detail?: string): void {
  if (!mayTake(step, row.status) || detail !== undefined) {
    throw problem("illegal_transition", { current_status: row.status, ...(detail !== undefined && { detail }) });
  }
}

/** The membership with its plan and its member. */
export interface Loaded {
  row: MembershipRow;
  plan: PlanRow;
  member: MemberStanding;
}

/** A membership, for staff or for its member. @throws not_found */
export async function loadMembership(space: Space, id: string): Promise<Loaded> {
  const [found] = await space.db
    .select({ row: memberships, plan: plans, member: { id: members.id, status: members.status } })
    .from(memberships)
    .innerJoin(plans, and(eq(plans.makerspace_id, memberships.makerspace_id), eq(plans.id, memberships.plan_id)))
    .innerJoin(
      members,
      and(eq(members.makerspace_id, memberships.makerspace_id), eq(members.id, memberships.member_id)),
    )
    .where(space.store.in(memberships, eq(memberships.id, id)));
  if (!found || (!isStaff(space) && found.row.member_id !== space.actor.id)) throw problem("not_found");
  return { ...found, plan: toPlanRow(found.plan) };
}

/** The transaction of a step, with what billing writes beside it. Who pays is read first, and still pays when it is written. @throws conflict */
export async function transactionWrites(
  space: Space,
  payments: PaymentsPort,
  row: MembershipRow,
  draft: TransactionDraft,
): Promise<Write[]> {
  const breakdown = draft.breakdown ?? nothingDue;
  const amount_minor = amountOf(breakdown);
  const { id: membership_id, member_id, plan_id, currency } = row;
  const payer_member_id = await payerOf(space.store, member_id);
  const transaction: TransactionRow = space.store.row({
    id: newId(),
    membership_id,
    member_id,
    plan_id,
    kind: draft.kind,
    amount_minor,
    currency,
    payment_status: amount_minor === 0 ? ("none" as const) : ("due" as const),
    period_from: draft.period.from,
    period_to: draft.period.to,
    reason: draft.reason ?? null,
    breakdown,
    actor_id: space.actor.id,
    payer_member_id: payer_member_id === member_id ? null : payer_member_id,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const { id: transaction_id, kind, reason } = transaction;
  const due = {
    transaction_id,
    membership_id,
    member_id,
    payer_member_id,
    plan_id,
    kind,
    amount_minor,
    currency,
    reason,
  };
  const isPayer = sql`${membershipTransactions.payer_member_id} IS ${payerSql(space.store, member_id)}`;
  return [
    write(space.db.insert(membershipTransactions).values(transaction)),
    write(
      space.db
        .update(membershipTransactions)
        .set({ version: 1 })
        .where(space.store.in(membershipTransactions, eq(membershipTransactions.id, transaction_id), isPayer)),
      { expect: "conflict" },
    ),
    ...(amount_minor === 0 ? [] : payments.fallsDue(space, due)),
  ];
}

/** A place of the plan is free at this moment, and the plan is the one that was read: its price is what was agreed on. */
export const placeWrites = (space: Space, plan: PlanRow): Write[] => [
  write(
    space.db
      .update(plans)
      .set({ places_taken: sql`${plans.places_taken}` })
      .where(space.store.in(plans, eq(plans.id, plan.id), eq(plans.version, plan.version))),
    { expect: "conflict" },
  ),
  write(
    space.db
      .update(plans)
      .set({ places_taken: sql`${plans.places_taken}` })
      .where(
        space.store.in(
          plans,
          eq(plans.id, plan.id),
          sql`(${plans.max_members} IS NULL OR ${plans.places_taken} < ${plans.max_members})`,
        ),
      ),
    { expect: "plan_full" },
  ),
];

/** Who may have a membership: not the suspended, nor those who left. @throws illegal_transition with the member's status */
export function refuseMember(member: MemberStanding): void {
  if (member.status === "suspended" || member.status === "left")
    throw problem("illegal_transition", { detail: `The member is ${member.status}.`, current_status: member.status });
}

/** Inserts a membership; of those who race for a member's only one, one wins. */
export const insertWrite = (space: Space, row: MembershipRow): Write =>
  write(space.db.insert(memberships).values(row), {
    expect: "plan_full",
    unique: { "memberships.member_id": "membership_exists" },
  });

/** Changes a row from the state and version that was read. */
export const updateWrite = (space: Space, step: MembershipStep, before: MembershipRow, after: MembershipRow): Write => {
  const { makerspace_id: _, id, plan_id: __, member_id: ___, created_at: ____, ...columns } = after;
  return write(
    space.db
      .update(memberships)
      .set(columns)
      .where(
        space.store.in(
          memberships,
          eq(memberships.id, id),
          eq(memberships.version, before.version),
          inArray(memberships.status, [...membershipTransitions[step].from]),
        ),
      ),
    { expect: "conflict", unique: { "memberships.member_id": "membership_exists" } },
  );
};

/** The row after a step: what it says, and what follows from it. */
export function rowAfter(
  space: Space,
  step: MembershipStep,
  before: MembershipRow,
  change: Partial<MembershipRow>,
): MembershipRow {
  const after: MembershipRow = {
    ...before,
    ...change,
    status: membershipTransitions[step].to,
    updated_at: space.now,
    version: before.version + 1,
  };
  return { ...after, due_at: dueAt(after) };
}

/** As the audit tells a membership: ids and times, no names. */
export const audited = ({ member_id, plan_id, status, starts_at, ends_at, next_plan_id }: MembershipRow) => ({
  member_id,
  plan_id,
  status,
  starts_at,
  ends_at: endOf(ends_at),
  ...(next_plan_id !== null && { next_plan_id }),
});

type MembershipEvent = Extract<EventDraft["type"], `membership.${string}`>;

/** What an event says of a membership. */
export const told = (type: MembershipEvent, row: MembershipRow): EventDraft => ({
  type,
  data: { member_id: row.member_id, plan_id: row.plan_id, ends_at: endOf(row.ends_at) },
});

interface Turn {
  step: MembershipStep;
  event: MembershipEvent;
  change: Partial<MembershipRow>;
  transaction?: TransactionDraft;
  /** Before the row itself. */
  first?: Write[];
  /** The membership that ends with this step, for the audit. */
  ended?: MembershipRow;
}

/** Takes one step of one membership in one commit. @throws conflict when somebody else was faster; plan_full */
export async function takeStep(
  space: Space,
  payments: PaymentsPort,
  { row, plan }: Loaded,
  { step, event, change, transaction, first = [], ended }: Turn,
): Promise<MembershipRow> {
  const after = rowAfter(space, step, row, change);
  const enters = isCurrent(after) && !isCurrent(row);
  const leaves = isCurrent(row) && !isCurrent(after);
  await space.commit(
    {
      action: event,
      subject: { type: "membership", id: row.id, version: after.version },
      before: { ...audited(row), ...(ended && { ended: { membership_id: ended.id, ...audited(ended) } }) },
      after: audited(after),
      events: [told(event, after)],
      answer: { status: 200, body: viewMembership(after, space.now) },
    },
    ...first,
    ...(enters ? placeWrites(space, plan) : []),
    updateWrite(space, step, row, after),
    ...(transaction ? await transactionWrites(space, payments, after, transaction) : []),
    ...(enters || step === "renew" ? memberReturns(space, row.member_id) : []),
    ...(leaves ? [memberFollows(space, row.member_id)] : []),
  );
  return after;
}
