/** Joining a plan. */

import type { z } from "@hono/zod-openapi";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import { promoApplies, promoCode } from "../plans/model.ts";
import type { PlanRow } from "../plans/view.ts";
import type { PaymentsPort } from "../port.ts";
import { applyFor } from "./applications.ts";
import { newRow, refuseOffer } from "./begin.ts";
import { loadCandidate } from "./candidates.ts";
import type { JoinInput, Membership } from "./contract.ts";
import { type Begun, firstPeriod } from "./model.ts";
import { setupDue, setupWrites } from "./setup.ts";
import { memberReturns } from "./standing.ts";
import { isCurrent, type MembershipRow, viewMembership } from "./view.ts";
import { audited, insertWrite, isStaff, placeWrites, refuseMember, told, transactionWrites } from "./writes.ts";

type View = z.output<typeof Membership>;

/** How far from now staff may let a membership begin. */
const FARTHEST = 366 * DAY;
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
    ...setupWrites(space, row.member_id, plan, begun.breakdown.setup_fee_minor),
    ...(await transactionWrites(space, payments, row, {
      kind: "join",
      breakdown: begun.breakdown,
      period: { from: row.starts_at, to: row.ends_at },
      reason: begun.columns.is_trial ? "trial" : null,
    })),
    ...memberReturns(space, row.member_id),
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
  const { member, plan, history, may_try } = await loadCandidate(space, member_id, input.plan_id);
  refuseMember(member);
  refuseOffer(space, plan);
  const code = acceptedCode(space, plan, input.promo_code);
  const from = beginning(space, input.starts_at);
  if (history.some((row) => row.status === "pending")) throw problem("membership_exists");
  if (history.some((row) => isCurrent(row) && row.plan_id === plan.id)) throw problem("membership_exists");
  if (plan.requires_approval && !isStaff(space)) return applyFor(space, plan, member_id, code);
  if (history.some(isCurrent)) throw problem("membership_exists");
  const begun = firstPeriod(plan, from, space.settings.timezone, {
    trial: may_try,
    setup_minor: await setupDue(space, member_id, plan),
    code,
    priced_at: space.now,
  });
  if (begun.columns.lapses_at <= space.now) {
    throw problem("invalid_body", {
      errors: [{ pointer: "/starts_at", code: "out_of_range", detail: "the first period would be over already" }],
    });
  }
  const row = newRow(space, plan, begun, { member_id, auto_renew: input.auto_renew, promo_code: code });
  return begin(space, payments, row, plan, begun);
}
