/** Applications for plans that ask for approval, and what staff say to them. */

import type { z } from "@hono/zod-openapi";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { directionOf } from "../plans/model.ts";
import type { PlanRow } from "../plans/view.ts";
import type { PaymentsPort } from "../port.ts";
import { closingWrites, laterContract, newRow, refuseOffer } from "./begin.ts";
import { loadCandidate } from "./candidates.ts";
import type { Membership } from "./contract.ts";
import { localDate } from "./cycles.ts";
import { type Begun, firstPeriod, nothingDue, unusedOf } from "./model.ts";
import { setupDue, setupWrites } from "./setup.ts";
import { isCurrent, type MembershipRow, viewMembership } from "./view.ts";
import {
  audited,
  insertWrite,
  isStaff,
  type Loaded,
  loadMembership,
  refuseMember,
  refuseStep,
  takeStep,
  told,
} from "./writes.ts";

type View = z.output<typeof Membership>;

/** An application waits for staff; nothing is due, and no place is taken. */
export async function applyFor(space: Space, plan: PlanRow, member_id: string, code: string | null): Promise<View> {
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

/** What ends with the beginning of another: the member's membership that runs. */
type Running = Pick<Loaded, "row" | "plan">;

/**
 * An application takes over from a membership that runs as a change of plan does: the contract goes along. Who would leave it for less has
 * to be let out of it in words, by a change of plan or a cancellation.
 * @throws illegal_transition for one that is paused; currency_mismatch, contract_running
 */
function refuseTakeOver(space: Space, { row, plan: old }: Running, plan: PlanRow): void {
  if (row.status === "paused") refuseStep("change", row, "The member's current membership is paused.");
  if (row.currency !== plan.currency) throw problem("currency_mismatch");
  const isBound = row.contract_ends_at !== null && row.contract_ends_at > space.now;
  if (isBound && plan.early_termination_fee_minor < old.early_termination_fee_minor) throw problem("contract_running");
}

/** How an approval is told in its transaction: as joining, or as the change of plan that it is. */
const kindOf = (running: Running | null, plan: PlanRow) => (running ? directionOf(running.plan, plan) : "join");

/**
 * Says yes to an application: the first period begins now, at today's price. A membership that the member has ends with it: what it did not
 * use is credited, and its contract goes on in the new one.
 * @throws forbidden for members; illegal_transition; plan_full, plan_unavailable; currency_mismatch; contract_running
 */
export async function approveMembership(space: Space, id: string, payments: PaymentsPort): Promise<View> {
  const loaded = await loadMembership(space, id);
  if (!isStaff(space)) throw problem("forbidden", { detail: "Staff decide on applications." });
  const { row, plan, member } = loaded;
  refuseStep("approve", row);
  refuseMember(member);
  refuseOffer(space, plan);
  const { history, may_try } = await loadCandidate(space, member.id, plan.id);
  const current = history.find(isCurrent);
  const running = current ? await loadMembership(space, current.id) : null;
  if (running) refuseTakeOver(space, running, plan);
  const begun = firstPeriod(plan, space.now, space.settings.timezone, {
    trial: running === null && may_try,
    setup_minor: await setupDue(space, member.id, plan),
    code: row.promo_code,
    priced_at: row.created_at,
  });
  const { breakdown } = begun;
  const after = await takeStep(space, payments, loaded, {
    step: "approve",
    event: "membership.started",
    change: beginning(space, plan, begun, row, running),
    transaction: {
      kind: kindOf(running, plan),
      breakdown: { ...breakdown, credit_minor: running ? unusedOf(running.row, space.now) : 0 },
      period: { from: begun.columns.starts_at, to: begun.columns.ends_at },
      reason: running ? `from membership ${running.row.id}` : begun.columns.is_trial ? "trial" : null,
    },
    first: [
      ...(running ? closingWrites(space, running.row, space.now) : []),
      ...setupWrites(space, member.id, plan, breakdown.setup_fee_minor),
    ],
    ...(running && { ended: running.row }),
  });
  return viewMembership(after, space.now);
}

/** The columns of an application whose first period begins. */
function beginning(
  space: Space,
  plan: PlanRow,
  begun: Begun,
  { member_id, promo_code }: MembershipRow,
  running: Running | null,
): Partial<MembershipRow> {
  const { id: _, version: __, created_at: ___, ...columns } = newRow(space, plan, begun, { member_id, promo_code });
  if (!running) return columns;
  return { ...columns, contract_ends_at: laterContract(columns.contract_ends_at, running.row.contract_ends_at) };
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
