/** From one plan to another: quoted, at once, or when the period ends. */

import type { z } from "@hono/zod-openapi";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import { isInGroup } from "../billing_groups/reads.ts";
import { directionOf } from "../plans/model.ts";
import { requiredPlan } from "../plans/service.ts";
import type { PlanRow } from "../plans/view.ts";
import type { PaymentsPort } from "../port.ts";
import { closingWrites, laterContract, newRow, refuseOffer } from "./begin.ts";
import type { ChangePlanInput, Membership, Quote } from "./contract.ts";
import { ENDLESS, endOf } from "./cycles.ts";
import { amountOf, type Begun, type Breakdown, type Effect, effectOf, firstPeriod, unusedOf } from "./model.ts";
import { setupDue, setupWrites } from "./setup.ts";
import { memberReturns } from "./standing.ts";
import { type MembershipRow, viewMembership } from "./view.ts";
import {
  audited,
  insertWrite,
  isStaff,
  type Loaded,
  loadMembership,
  placeWrites,
  refuseMember,
  refuseStep,
  takeStep,
  told,
  transactionWrites,
} from "./writes.ts";

/** A change as it would be made. */
interface Plan {
  target: PlanRow;
  kind: "upgrade" | "downgrade";
  when: Effect;
  begun: Begun;
  breakdown: Breakdown;
}

/** To what somebody changes: the plan, and what of its setup fee they have not paid yet. */
interface Target {
  plan: PlanRow;
  setup_minor: number;
}

/**
 * The first period on the other plan from an instant: full price and no trial, with what its setup fee is above those paid before, less what
 * was paid for the time of the old plan that is not used.
 */
function planned(space: Space, { row, plan }: Loaded, to: Target, at: number, when: Effect): Plan {
  const { plan: target, setup_minor } = to;
  const begun = firstPeriod(target, at, space.settings.timezone, {
    trial: false,
    setup_minor,
    code: null,
    priced_at: at,
  });
  const breakdown = { ...begun.breakdown, credit_minor: when === "now" ? unusedOf(row, at) : 0 };
  return { target, kind: directionOf(plan, target), when, begun, breakdown };
}

/** When it takes effect unless told. Members get no money back by changing: a change that would give some waits for the period's end. */
function usualEffect(space: Space, loaded: Loaded, target: Target): Effect {
  const { row, plan: current } = loaded;
  const usual = effectOf(current, target.plan, row, space.now);
  if (usual === "period_end" || isStaff(space)) return usual;
  return amountOf(planned(space, loaded, target, space.now, "now").breakdown) < 0 ? "period_end" : "now";
}

/** The later end of two contracts: only staff let somebody out of one, by a downgrade at once. */
function contractAfter(space: Space, row: MembershipRow, made: MembershipRow, { kind, when }: Plan): number | null {
  const isLetOut = isStaff(space) && kind === "downgrade" && when === "now";
  return isLetOut ? made.contract_ends_at : laterContract(row.contract_ends_at, made.contract_ends_at);
}

/** Checks a wish and says what comes of it. */
async function plan(space: Space, loaded: Loaded, wish: z.output<typeof ChangePlanInput>): Promise<Plan> {
  const { row, member } = loaded;
  refuseStep("change", row);
  refuseMember(member);
  const target = await requiredPlan(space, wish.plan_id).catch(() => {
    throw problem("unknown_reference", {
      errors: [{ pointer: "/plan_id", code: "unknown", detail: "names no plan" }],
    });
  });
  if (target.id === row.plan_id) refuseStep("change", row, "It is on this plan already.");
  refuseOffer(space, target);
  if (target.currency !== row.currency) throw problem("currency_mismatch");
  if (!(await isInGroup(space.store, row.member_id, target.group_kind))) throw problem("group_required");
  const to: Target = { plan: target, setup_minor: await setupDue(space, row.member_id, target) };
  const usual = usualEffect(space, loaded, to);
  const when = wish.when ?? usual;
  if (when === "period_end" && (row.ends_at >= ENDLESS || row.ends_at <= space.now))
    refuseStep("change", row, "No period runs that would end.");
  if (row.starts_at > space.now) refuseStep("change", row, "It has not begun.");
  const made = planned(space, loaded, to, when === "now" ? space.now : row.ends_at, when);
  if (!isStaff(space)) refuseMembersOwn(space, loaded, made, usual);
  return made;
}

/** What members cannot do themselves: get money back, leave a contract for less, or skip an approval. @throws forbidden, contract_running */
function refuseMembersOwn(space: Space, { row, plan }: Loaded, { target, kind, when }: Plan, usual: Effect): void {
  if (target.requires_approval)
    throw problem("forbidden", { detail: "This plan asks for approval: apply for it by joining." });
  if (when === "now" && usual === "period_end") {
    const detail = "Members change to a plan that costs less, or gives money back, when their period ends.";
    throw problem("forbidden", { detail });
  }
  const effect = when === "now" ? space.now : row.ends_at;
  if (row.contract_ends_at === null || effect >= row.contract_ends_at) return;
  // An upgrade takes the contract along, and so what it costs to leave it.
  if (kind === "downgrade" || target.early_termination_fee_minor < plan.early_termination_fee_minor)
    throw problem("contract_running");
}

const amountIn = (breakdown: Breakdown, currency: string) => ({ amount_minor: amountOf(breakdown), currency });

/** What a change of plan would cost now. @throws as changing does */
export async function quoteChange(
  space: Space,
  id: string,
  wish: z.output<typeof ChangePlanInput>,
): Promise<z.output<typeof Quote>> {
  const loaded = await loadMembership(space, id);
  const { kind, when, begun, breakdown } = await plan(space, loaded, wish);
  const { starts_at, ends_at } = begun.columns;
  return {
    kind,
    when,
    takes_effect_at: toIso(starts_at),
    amount: amountIn(breakdown, loaded.row.currency),
    breakdown,
    period_from: toIso(starts_at),
    period_to: toIsoOrNull(endOf(ends_at)),
  };
}

/** Ends the one membership and begins the other in one commit: two changes at once cannot both. @throws conflict, plan_full */
async function carryOut(space: Space, payments: PaymentsPort, { row }: Loaded, change: Plan): Promise<MembershipRow> {
  const { target, kind, begun, breakdown } = change;
  const begins = newRow(space, target, begun, { member_id: row.member_id });
  const made = { ...begins, contract_ends_at: contractAfter(space, row, begins, change) };
  await space.commit(
    {
      action: "membership.changed",
      subject: { type: "membership", id: made.id, version: made.version },
      before: { ...audited(row), membership_id: row.id },
      after: audited(made),
      events: [told("membership.changed", made)],
      answer: { status: 200, body: viewMembership(made, space.now) },
    },
    ...placeWrites(space, target),
    ...closingWrites(space, row, begun.columns.starts_at),
    insertWrite(space, made),
    ...setupWrites(space, row.member_id, target, breakdown.setup_fee_minor),
    ...(await transactionWrites(space, payments, made, {
      kind,
      breakdown,
      period: { from: made.starts_at, to: made.ends_at },
      reason: `from membership ${row.id}`,
    })),
    ...memberReturns(space, row.member_id),
  );
  return made;
}

/** Carries out what was planned for the period's end. @throws plan_full, plan_unavailable, conflict */
export async function changeAsPlanned(space: Space, payments: PaymentsPort, loaded: Loaded): Promise<MembershipRow> {
  const { row } = loaded;
  const target = await requiredPlan(space, row.next_plan_id ?? "");
  if (target.status !== "active" || target.currency !== row.currency) throw problem("plan_unavailable");
  const setup_minor = await setupDue(space, row.member_id, target);
  return carryOut(
    space,
    payments,
    loaded,
    planned(space, loaded, { plan: target, setup_minor }, row.ends_at, "period_end"),
  );
}

/**
 * Changes the plan. Members get no money back, and their contract goes on in the new membership. At once: a new membership begins and what was paid for the old one's unused time is credited (by milliseconds, rounded
 * half up). When the period ends: it is noted, and carried out then, if a place is free.
 * @returns the membership that holds now
 * @throws not_found; unknown_reference, plan_unavailable, plan_full; currency_mismatch; contract_running; illegal_transition; conflict
 */
export async function changePlanOf(
  space: Space,
  id: string,
  wish: z.output<typeof ChangePlanInput>,
  payments: PaymentsPort,
): Promise<z.output<typeof Membership>> {
  const loaded = await loadMembership(space, id);
  const made = await plan(space, loaded, wish);
  if (made.when === "now") return viewMembership(await carryOut(space, payments, loaded, made), space.now);
  const { row } = loaded;
  const after = await takeStep(space, payments, loaded, {
    step: "plan_ahead",
    event: "membership.change_planned",
    change: { next_plan_id: made.target.id, cancels_at_end: false },
    transaction: {
      kind: made.kind,
      period: { from: row.ends_at, to: row.ends_at },
      reason: `planned: ${made.target.name}`,
    },
  });
  return viewMembership(after, space.now);
}
