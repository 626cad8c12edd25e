/** What every beginning shares: whether a plan is on offer, the row of a membership, and the end of the one before it. */

import type { Write } from "../../../platform/db/commit.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { PlanRow } from "../plans/view.ts";
import { mayRenewItself, midnightAfterMonths } from "./cycles.ts";
import { type Begun, dueAt } from "./model.ts";
import type { MembershipRow } from "./view.ts";
import { isStaff, rowAfter, updateWrite } from "./writes.ts";

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
    had_trial: begun.columns.is_trial,
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

/** Two contracts as one: it ends with the later of both. */
export const laterContract = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);
