/** Beginnings: joining a plan, applying for one, and what staff say to that. */

import type { z } from "@hono/zod-openapi";
import { desc, eq } from "drizzle-orm";
import type { Write } from "../../../platform/db/commit.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import { promoApplies, promoCode } from "../plans/model.ts";
import { requiredPlan } from "../plans/service.ts";
import type { PlanRow } from "../plans/view.ts";
import type { PaymentsPort } from "../port.ts";
import { members } from "../tables.ts";
import type { JoinInput, Membership } from "./contract.ts";
import { localDate, mayRenewItself, midnightAfterMonths } from "./cycles.ts";
import { type Begun, dueAt, firstPeriod, nothingDue, unusedOf } from "./model.ts";
import { memberships } from "./tables.ts";
import { isCurrent, type MembershipRow, viewMembership } from "./view.ts";
import {
  audited,
  insertWrite,
  isStaff,
  loadMembership,
  type MemberStanding,
  memberReturns,
  placeWrites,
  refuseMember,
  refuseStep,
  rowAfter,
  takeStep,
  told,
  transactionWrites,
  updateWrite,
} from "./writes.ts";

type View = z.output<typeof Membership>;

/** How far from now staff may let a membership begin. */
const FARTHEST = 366 * DAY;
/** More memberships of one member than this are not looked through for a trial. */
const HISTORY = 200;

interface Candidate {
  member: MemberStanding;
  plan: PlanRow;
  /** Newest first. */
  history: MembershipRow[];
}

/** The member, the plan and what the member had before. @throws not_found; unknown_reference for the plan */
async function loadCandidate(space: Space, member_id: string, plan_id: string): Promise<Candidate> {
  if (!isStaff(space) && member_id !== space.actor.id) throw problem("not_found");
  const reads = space.db.batch([
    space.db
      .select({ id: members.id, status: members.status })
      .from(members)
      .where(space.store.in(members, eq(members.id, member_id))),
    space.db
      .select()
      .from(memberships)
      .where(space.store.in(memberships, eq(memberships.member_id, member_id)))
      .orderBy(desc(memberships.id))
      .limit(HISTORY),
  ]);
  const [[found], history] = await reads;
  if (!found) throw problem("not_found");
  const plan = await requiredPlan(space, plan_id).catch(() => {
    throw problem("unknown_reference", {
      errors: [{ pointer: "/plan_id", code: "unknown", detail: "names no plan" }],
    });
  });
  return { member: found, plan, history };
}

/** @throws plan_unavailable for what is not on offer now; to members what only staff give is unknown */
export function refuseOffer(space: Space, plan: PlanRow): void {
  const isHidden = plan.visibility === "staff" && !isStaff(space);
  if (isHidden) {
    throw problem("unknown_reference", {
      errors: [{ pointer: "/plan_id", code: "unknown", detail: "names no plan" }],
    });
  }
  const isEarly = plan.valid_from !== null && space.now < plan.valid_from;
  const isLate = plan.valid_until !== null && space.now >= plan.valid_until;
  if (plan.status !== "active" || isEarly || isLate) throw problem("plan_unavailable");
}

/** The code as it is compared, or null. @throws promo_invalid for one that gives nothing now */
function acceptedCode(space: Space, plan: PlanRow, typed: string | undefined): string | null {
  if (typed === undefined) return null;
  const code = promoCode(typed);
  if (plan.promo?.code !== code || !promoApplies(plan.promo, space.now, code)) throw problem("promo_invalid");
  return code;
}

/** When it begins. @throws forbidden for a member's own wish; invalid_body for a time too far away */
function beginning(space: Space, starts_at: number | undefined): number {
  if (starts_at === undefined) return space.now;
  if (!isStaff(space)) throw problem("forbidden", { detail: "Staff alone say when a membership begins." });
  if (Math.abs(starts_at - space.now) > FARTHEST) {
    throw problem("invalid_body", {
      errors: [{ pointer: "/starts_at", code: "out_of_range", detail: "is more than a year away" }],
    });
  }
  return starts_at;
}

/** Who was on a plan before has had its trial. */
const mayTry = (plan: PlanRow, history: readonly MembershipRow[]): boolean =>
  !history.some((row) => row.plan_id === plan.id && row.status !== "pending" && row.status !== "declined");

/** A membership as it begins on a plan. */
export function newRow(
  space: Space,
  plan: PlanRow,
  begun: Begun,
  more: { member_id: string; auto_renew?: boolean | undefined; promo_code?: string | null },
): MembershipRow {
  const { starts_at } = begun.columns;
  const { contract_months } = plan;
  const row: MembershipRow = space.store.row({
    id: newId(),
    member_id: more.member_id,
    plan_id: plan.id,
    status: "active" as const,
    status_reason: null,
    ...begun.columns,
    due_at: null,
    auto_renew: mayRenewItself(plan.billing_cycle) && (more.auto_renew ?? plan.auto_renew),
    cancels_at_end: false,
    next_plan_id: null,
    paused_at: null,
    paused_until: null,
    stretched_from: null,
    stretched_to: null,
    currency: plan.currency,
    contract_ends_at:
      contract_months === 0 ? null : midnightAfterMonths(starts_at, contract_months, space.settings.timezone),
    promo_code: more.promo_code ?? null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  return { ...row, due_at: dueAt(row) };
}

/** Puts a member without a membership on a plan. */
async function begin(
  space: Space,
  payments: PaymentsPort,
  row: MembershipRow,
  plan: PlanRow,
  begun: Begun,
): Promise<View> {
  const body = viewMembership(row, space.now);
  await space.commit(
    {
      action: "membership.started",
      subject: { type: "membership", id: row.id, version: row.version },
      after: audited(row),
      events: [told("membership.started", row)],
      answer: { status: 201, body },
    },
    ...placeWrites(space, plan),
    insertWrite(space, row),
    ...(await transactionWrites(space, payments, row, {
      kind: "join",
      breakdown: begun.breakdown,
      period: { from: row.starts_at, to: row.ends_at },
      reason: begun.columns.is_trial ? "trial" : null,
    })),
    memberReturns(space, row.member_id),
  );
  return body;
}

/** An application waits for staff; nothing is due, and no place is taken. */
async function apply(space: Space, plan: PlanRow, member_id: string, code: string | null): Promise<View> {
  const { now } = space;
  const none: Begun = {
    columns: {
      starts_at: now,
      ends_at: now,
      lapses_at: now,
      billing_cycle: plan.billing_cycle,
      anchor_on: localDate(now, space.settings.timezone),
      is_trial: false,
      paid_from: now,
      paid_minor: 0,
    },
    breakdown: nothingDue,
  };
  const made = newRow(space, plan, none, { member_id, promo_code: code });
  const row: MembershipRow = { ...made, status: "pending", due_at: null, contract_ends_at: null };
  const body = viewMembership(row, now);
  await space.commit(
    {
      action: "membership.applied",
      subject: { type: "membership", id: row.id, version: 1 },
      after: audited(row),
      events: [told("membership.applied", row)],
      answer: { status: 201, body },
    },
    insertWrite(space, row),
  );
  return body;
}

/**
 * Puts a member on a plan: staff anybody, members themselves on a public plan. Where a plan asks for approval, members apply.
 * @throws not_found; unknown_reference, plan_unavailable, plan_full; membership_exists; promo_invalid; illegal_transition for a suspended member
 */
export async function joinPlan(
  space: Space,
  member_id: string,
  input: z.output<typeof JoinInput>,
  payments: PaymentsPort,
): Promise<View> {
  const { member, plan, history } = await loadCandidate(space, member_id, input.plan_id);
  refuseMember(member);
  refuseOffer(space, plan);
  const code = acceptedCode(space, plan, input.promo_code);
  const from = beginning(space, input.starts_at);
  if (history.some((row) => row.status === "pending")) throw problem("membership_exists");
  if (history.some((row) => isCurrent(row) && row.plan_id === plan.id)) throw problem("membership_exists");
  if (plan.requires_approval && !isStaff(space)) return apply(space, plan, member_id, code);
  if (history.some(isCurrent)) throw problem("membership_exists");
  const trial = mayTry(plan, history);
  const { timezone } = space.settings;
  const begun = firstPeriod(plan, from, timezone, { trial, setup: true, code, priced_at: space.now });
  if (begun.columns.lapses_at <= space.now) {
    throw problem("invalid_body", {
      errors: [{ pointer: "/starts_at", code: "out_of_range", detail: "the first period would be over already" }],
    });
  }
  const row = newRow(space, plan, begun, { member_id, auto_renew: input.auto_renew, promo_code: code });
  return begin(space, payments, row, plan, begun);
}

/** The writes that close the current membership in favour of another. */
export function closingWrites(space: Space, current: MembershipRow, at: number): Write[] {
  const closed = rowAfter(space, "change", current, {
    ends_at: Math.max(current.starts_at, Math.min(current.ends_at, at)),
    lapses_at: Math.max(current.starts_at, Math.min(current.ends_at, at)),
    next_plan_id: null,
    cancels_at_end: false,
  });
  return [updateWrite(space, "change", current, closed)];
}

/**
 * Says yes to an application: the first period begins now, at today's price. A membership that the member has ends with it; what it did not
 * use is credited.
 * @throws forbidden for members; illegal_transition; plan_full, plan_unavailable; currency_mismatch
 */
export async function approveMembership(space: Space, id: string, payments: PaymentsPort): Promise<View> {
  const loaded = await loadMembership(space, id);
  if (!isStaff(space)) throw problem("forbidden", { detail: "Staff decide on applications." });
  const { row, plan, member } = loaded;
  refuseStep("approve", row);
  refuseMember(member);
  refuseOffer(space, plan);
  const { history } = await loadCandidate(space, member.id, plan.id);
  const current = history.find(isCurrent) ?? null;
  if (current?.status === "paused") refuseStep("change", current, "The member's current membership is paused.");
  if (current && current.currency !== plan.currency) throw problem("currency_mismatch");
  const trial = current === null && mayTry(plan, history);
  const begun = firstPeriod(plan, space.now, space.settings.timezone, {
    trial,
    setup: current === null,
    code: row.promo_code,
    priced_at: row.created_at,
  });
  const {
    id: _,
    version: __,
    created_at: ___,
    ...columns
  } = newRow(space, plan, begun, {
    member_id: member.id,
    promo_code: row.promo_code,
  });
  const credit_minor = current ? unusedOf(current, space.now) : 0;
  const after = await takeStep(space, payments, loaded, {
    step: "approve",
    event: "membership.started",
    change: columns,
    transaction: {
      kind: "join",
      breakdown: { ...begun.breakdown, credit_minor },
      period: { from: begun.columns.starts_at, to: begun.columns.ends_at },
      reason: begun.columns.is_trial ? "trial" : null,
    },
    first: current ? closingWrites(space, current, space.now) : [],
  });
  return viewMembership(after, space.now);
}

/** Says no to an application. @throws forbidden for members; illegal_transition */
export async function declineMembership(
  space: Space,
  id: string,
  reason: string,
  payments: PaymentsPort,
): Promise<View> {
  const loaded = await loadMembership(space, id);
  if (!isStaff(space)) throw problem("forbidden", { detail: "Staff decide on applications." });
  refuseStep("decline", loaded.row);
  const after = await takeStep(space, payments, loaded, {
    step: "decline",
    event: "membership.declined",
    change: { status_reason: reason },
  });
  return viewMembership(after, space.now);
}
