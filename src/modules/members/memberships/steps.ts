/** Steps of a membership that keep its plan: renewed, cancelled, continued. */

import type { z } from "@hono/zod-openapi";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { PlanRow } from "../plans/view.ts";
import type { PaymentsPort } from "../port.ts";
import { refuseOffer } from "./begin.ts";
import type { CancelInput, Membership } from "./contract.ts";
import { ENDLESS, mayRenewItself, midnightAfterMonths } from "./cycles.ts";
import { firstPeriod, nextPeriod, nothingDue, terminationFee, unusedOf } from "./model.ts";
import { setupDue, setupWrites } from "./setup.ts";
import { type MembershipRow, viewMembership } from "./view.ts";
import { isStaff, type Loaded, loadMembership, refuseMember, refuseStep, takeStep } from "./writes.ts";

type View = z.output<typeof Membership>;

/** Nobody pays further ahead than this. */
const FARTHEST_MONTHS = 36;

/** What was planned for the period's end, taken off. */
const unplanned = { cancels_at_end: false, next_plan_id: null } as const;

/** One more period after the one that runs. */
export async function renewCurrent(
  space: Space,
  payments: PaymentsPort,
  loaded: Loaded,
  reason: string | null,
): Promise<MembershipRow> {
  const { row, plan } = loaded;
  // Whoever had only a trial has not paid it yet.
  const setup_minor = row.is_trial ? await setupDue(space, row.member_id, plan) : 0;
  const { columns, breakdown, period } = nextPeriod(row, plan, space.now, space.settings.timezone, setup_minor);
  return takeStep(space, payments, loaded, {
    step: "renew",
    event: "membership.renewed",
    change: { ...columns, ...unplanned },
    transaction: { kind: "renewal", breakdown, period, reason },
    first: setupWrites(space, row.member_id, plan, setup_minor),
  });
}

/** A fresh period from now on, at today's price; a place must be free. */
async function renewExpired(space: Space, payments: PaymentsPort, loaded: Loaded): Promise<MembershipRow> {
  const { row, plan } = loaded;
  const { timezone } = space.settings;
  const setup_minor = row.is_trial ? await setupDue(space, row.member_id, plan) : 0;
  const begun = firstPeriod(plan, space.now, timezone, {
    trial: false,
    setup_minor,
    code: null,
    priced_at: space.now,
  });
  const { contract_months } = plan;
  return takeStep(space, payments, loaded, {
    step: "renew",
    event: "membership.renewed",
    change: {
      ...begun.columns,
      ...unplanned,
      auto_renew: mayRenewItself(plan.billing_cycle) && plan.auto_renew,
      status_reason: null,
      contract_ends_at: contract_months === 0 ? null : midnightAfterMonths(space.now, contract_months, timezone),
    },
    transaction: {
      kind: "renewal",
      breakdown: begun.breakdown,
      period: { from: begun.columns.starts_at, to: begun.columns.ends_at },
      reason: "after expiry",
    },
    first: setupWrites(space, row.member_id, plan, setup_minor),
  });
}

/** Coming back is joining again: only what is on offer, and members themselves only where nobody has to approve. @throws plan_unavailable, forbidden */
function refuseReturn(space: Space, plan: PlanRow): void {
  if (plan.visibility === "staff" && !isStaff(space)) throw problem("plan_unavailable");
  refuseOffer(space, plan);
  if (plan.requires_approval && !isStaff(space))
    throw problem("forbidden", { detail: "This plan asks for approval: apply for it by joining." });
}

/**
 * Another period at today's price: after the one that runs (days of grace are not given twice), or from now on when the membership had expired.
 * Who renews stays: a cancellation at the period's end is off.
 * @throws not_found; illegal_transition for what never ends, is paid for three years ahead, or changes its plan; plan_full, plan_unavailable;
 * membership_exists when the member has another one; conflict
 */
export async function renewMembership(space: Space, id: string, payments: PaymentsPort): Promise<View> {
  const loaded = await loadMembership(space, id);
  const { row, plan, member } = loaded;
  refuseStep("renew", row);
  refuseMember(member);
  if (row.status === "expired") {
    refuseReturn(space, plan);
    return viewMembership(await renewExpired(space, payments, loaded), space.now);
  }
  if (row.ends_at >= ENDLESS) refuseStep("renew", row, "It never ends.");
  if (row.next_plan_id !== null) refuseStep("renew", row, "It changes its plan when the period ends.");
  if (row.currency !== plan.currency) throw problem("currency_mismatch");
  if (row.ends_at >= midnightAfterMonths(space.now, FARTHEST_MONTHS, space.settings.timezone))
    refuseStep("renew", row, "It is paid for three years ahead.");
  return viewMembership(await renewCurrent(space, payments, loaded, null), space.now);
}

/** Ends a membership at an instant; what it costs or gives back is stated in its transaction. */
export function endAt(
  space: Space,
  payments: PaymentsPort,
  loaded: Loaded,
  at: number,
  told: { reason: string | null; refund: boolean; waive_fee: boolean },
): Promise<MembershipRow> {
  const { row, plan } = loaded;
  const breakdown = {
    ...nothingDue,
    termination_fee_minor: told.waive_fee ? 0 : terminationFee(row, plan, at),
    credit_minor: told.refund ? unusedOf(row, row.paused_at ?? at) : 0,
  };
  const ends_at = Math.max(row.starts_at, Math.min(at, row.ends_at));
  return takeStep(space, payments, loaded, {
    step: "cancel",
    event: "membership.cancelled",
    change: {
      ends_at,
      lapses_at: ends_at,
      paused_at: null,
      paused_until: null,
      cancels_at_end: false,
      next_plan_id: null,
      status_reason: told.reason,
    },
    transaction: { kind: "cancellation", breakdown, period: { from: ends_at, to: ends_at }, reason: told.reason },
  });
}

/** Takes an application back; nothing was due. */
const withdraw = (space: Space, payments: PaymentsPort, loaded: Loaded, reason: string | null) =>
  takeStep(space, payments, loaded, {
    step: "cancel",
    event: "membership.cancelled",
    change: { status_reason: reason },
  });

/**
 * Ends a membership now, or when what is paid for is over; an application is taken back. Before the contract ends the plan's fee falls due
 * when it takes effect.
 * @throws not_found; forbidden for a member who asks for a refund or to be let off the fee; illegal_transition; conflict
 */
export async function cancelMembership(
  space: Space,
  id: string,
  input: z.output<typeof CancelInput>,
  payments: PaymentsPort,
): Promise<View> {
  const loaded = await loadMembership(space, id);
  const { row } = loaded;
  const { now } = space;
  if (!isStaff(space) && (input.refund || input.waive_fee))
    throw problem("forbidden", { detail: "Staff alone give refunds and let members off fees." });
  refuseStep("cancel", row);
  const reason = input.reason ?? null;
  if (row.status === "pending") return viewMembership(await withdraw(space, payments, loaded, reason), now);
  const isLater = input.when === "period_end" && row.status === "active" && row.ends_at > now && row.ends_at < ENDLESS;
  if (!isLater) return viewMembership(await endAt(space, payments, loaded, now, { ...input, reason }), now);
  if (row.cancels_at_end) refuseStep("plan_ahead", row, "It ends with its period already.");
  const after = await takeStep(space, payments, loaded, {
    step: "plan_ahead",
    event: "membership.cancelled",
    change: { cancels_at_end: true, next_plan_id: null, status_reason: reason },
    transaction: { kind: "cancellation", period: { from: row.ends_at, to: row.ends_at }, reason },
  });
  return viewMembership(after, now);
}

/** Takes back what was planned for the period's end: the membership goes on as it is. @throws not_found, illegal_transition, conflict */
export async function continueMembership(space: Space, id: string, payments: PaymentsPort): Promise<View> {
  const loaded = await loadMembership(space, id);
  const { row } = loaded;
  refuseStep("continue", row);
  if (!row.cancels_at_end && row.next_plan_id === null) refuseStep("continue", row, "Nothing is planned.");
  const after = await takeStep(space, payments, loaded, {
    step: "continue",
    event: "membership.continued",
    change: { ...unplanned, status_reason: null },
    transaction: { kind: "continuation", period: { from: row.starts_at, to: row.ends_at } },
  });
  return viewMembership(after, space.now);
}
