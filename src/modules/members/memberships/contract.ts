import { z } from "@hono/zod-openapi";
import {
  anyOf,
  Id,
  Instant,
  InstantInput,
  line,
  pageOf,
  pageQuery,
  resourceFields,
} from "../../../platform/contract.ts";
import { billingCycles } from "./cycles.ts";
import { effects, membershipStates, paymentStatuses, transactionKinds } from "./model.ts";

const signed = z.int().min(-1_000_000_000_000_000).max(1_000_000_000_000_000);
const reason = line(500);

export const JoinInput = z
  .strictObject({
    plan_id: Id,
    promo_code: line(40).optional(),
    starts_at: InstantInput.optional().openapi({ description: "Staff only; now unless told." }),
    auto_renew: z.boolean().optional().openapi({
      description: "As the plan has it unless told; what is billed by the hour or for life never renews by itself.",
    }),
  })
  .openapi("JoinInput");

export const ChangePlanInput = z
  .strictObject({
    plan_id: Id,
    when: z.enum(effects).optional().openapi({
      description: "Unless told an upgrade takes effect now, a downgrade when the period ends.",
    }),
  })
  .openapi("ChangePlanInput");

export const PauseInput = z
  .strictObject({
    until: InstantInput.optional().openapi({ description: "It goes on by itself then: 90 days from now unless told." }),
    reason: reason.optional(),
  })
  .openapi("PauseInput");

export const CancelInput = z
  .strictObject({
    when: z.enum(effects).default("period_end"),
    reason: reason.optional(),
    refund: z.boolean().default(false).openapi({ description: "Staff: credit what was paid for the unused time." }),
    waive_fee: z.boolean().default(false).openapi({ description: "Staff: no fee for ending before the contract." }),
  })
  .openapi("CancelInput");

export const DeclineInput = z.strictObject({ reason }).openapi("DeclineInput");

export const Membership = z
  .strictObject({
    ...resourceFields,
    member_id: Id,
    plan_id: Id,
    status: z.enum(membershipStates),
    status_reason: z.string().nullable(),
    starts_at: Instant,
    ends_at: Instant.nullable().openapi({ description: "The end of what is paid for; null for life." }),
    lapses_at: Instant.nullable().openapi({ description: "The end of the days of grace." }),
    billing_cycle: z.enum(billingCycles),
    is_trial: z.boolean(),
    is_in_grace: z.boolean().openapi({ description: "The period is over, the days of grace are not." }),
    auto_renew: z.boolean(),
    cancels_at_end: z.boolean(),
    next_plan_id: Id.nullable().openapi({ description: "Takes over when the period ends." }),
    paused_at: Instant.nullable(),
    paused_until: Instant.nullable(),
    contract_ends_at: Instant.nullable(),
  })
  .openapi("Membership");
export const MembershipPage = pageOf(Membership).openapi("MembershipPage");

export const MembershipQuery = z.strictObject({
  ...pageQuery,
  status: anyOf(z.enum(membershipStates)),
  plan_id: anyOf(Id),
  member_id: z.string().max(80).optional().openapi({ description: "A member, or `me`." }),
  ends_from: InstantInput.optional(),
  ends_to: InstantInput.optional().openapi({ description: "With status=active: those whose period ends soon." }),
  sort: z.enum(["ends_at", "-ends_at"]).default("ends_at"),
});
export const OwnMembershipQuery = z.strictObject(pageQuery);

const Breakdown = z
  .strictObject({
    price_minor: z.int(),
    discount_minor: z.int(),
    setup_fee_minor: z.int(),
    termination_fee_minor: z.int(),
    credit_minor: z.int().openapi({ description: "What was paid for time that is not used, rounded half up." }),
  })
  .openapi("AmountBreakdown", { description: "price − discount + setup fee + termination fee − credit." });

const amount = z.strictObject({ amount_minor: signed, currency: z.string() }).openapi("SignedMoney", {
  description: "In the smallest unit of the currency; negative for a credit.",
});

export const MembershipTransaction = z
  .strictObject({
    ...resourceFields,
    membership_id: Id,
    member_id: Id,
    plan_id: Id,
    kind: z.enum(transactionKinds),
    amount,
    breakdown: Breakdown,
    payment_status: z.enum(paymentStatuses),
    period_from: Instant,
    period_to: Instant.nullable(),
    reason: z.string().nullable(),
    payer_member_id: Id.openapi({
      description: "Who pays: the payer of the member's family or company when it fell due, otherwise the member.",
    }),
    actor_id: z.string(),
  })
  .openapi("MembershipTransaction");
export const MembershipTransactionPage = pageOf(MembershipTransaction).openapi("MembershipTransactionPage");

export const TransactionQuery = z.strictObject({
  ...pageQuery,
  member_id: z.string().max(80).optional().openapi({ description: "A member, or `me`." }),
  payer_member_id: z.string().max(80).optional().openapi({
    description: "What a payer pays for others of their family or company: a member, or `me`.",
  }),
  membership_id: Id.optional(),
  kind: anyOf(z.enum(transactionKinds)),
  created_from: InstantInput.optional(),
  created_to: InstantInput.optional(),
  sort: z.enum(["created_at", "-created_at"]).default("-created_at"),
});

export const QuoteQuery = z.strictObject({ plan_id: Id, when: z.enum(effects).optional() });

export const Quote = z
  .strictObject({
    kind: z.enum(["upgrade", "downgrade"]),
    when: z.enum(effects),
    takes_effect_at: Instant,
    amount,
    breakdown: Breakdown,
    period_from: Instant,
    period_to: Instant.nullable(),
  })
  .openapi("PlanChangeQuote", { description: "What a change of plan would cost at this moment." });
