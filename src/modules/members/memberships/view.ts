import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { Membership, MembershipTransaction } from "./contract.ts";
import { endOf } from "./cycles.ts";
import { type Breakdown, currentStates, type MembershipState } from "./model.ts";
import type { memberships, membershipTransactions } from "./tables.ts";

export type MembershipRow = typeof memberships.$inferSelect;
export type TransactionRow = Omit<typeof membershipTransactions.$inferSelect, "breakdown"> & { breakdown: Breakdown };

const endIso = (at: number): string | null => toIsoOrNull(endOf(at));

/** True while a membership takes a place of its plan. */
export const isCurrent = (row: { status: MembershipState }): boolean =>
  (currentStates as readonly MembershipState[]).includes(row.status);

export const viewMembership = (row: MembershipRow, now: number): z.output<typeof Membership> => ({
  id: row.id,
  member_id: row.member_id,
  plan_id: row.plan_id,
  status: row.status,
  status_reason: row.status_reason,
  starts_at: toIso(row.starts_at),
  ends_at: endIso(row.ends_at),
  lapses_at: endIso(row.lapses_at),
  billing_cycle: row.billing_cycle,
  is_trial: row.is_trial,
  is_in_grace: row.status === "active" && row.ends_at <= now && now < row.lapses_at,
  auto_renew: row.auto_renew,
  cancels_at_end: row.cancels_at_end,
  next_plan_id: row.next_plan_id,
  paused_at: toIsoOrNull(row.paused_at),
  paused_until: toIsoOrNull(row.paused_until),
  contract_ends_at: toIsoOrNull(row.contract_ends_at),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

export const viewTransaction = (row: TransactionRow): z.output<typeof MembershipTransaction> => ({
  id: row.id,
  membership_id: row.membership_id,
  member_id: row.member_id,
  plan_id: row.plan_id,
  kind: row.kind,
  amount: { amount_minor: row.amount_minor, currency: row.currency },
  breakdown: row.breakdown,
  payment_status: row.payment_status,
  period_from: toIso(row.period_from),
  period_to: endIso(row.period_to),
  reason: row.reason,
  payer_member_id: row.payer_member_id ?? row.member_id,
  actor_id: row.actor_id,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
