/** The life of a membership as data, and what each step costs. Pure. */

import { DAY } from "../../../platform/time.ts";
import { directionOf, discountOn, type Promo, promoApplies, share } from "../plans/model.ts";
import {
  type BillingCycle,
  type CycleAnchor,
  cycleAt,
  ENDLESS,
  localDate,
  midnightAfter,
  type Period,
  periodEnd,
} from "./cycles.ts";

export const membershipStates = ["pending", "active", "paused", "expired", "cancelled", "changed", "declined"] as const;
export type MembershipState = (typeof membershipStates)[number];

/** States in which a membership takes a place of its plan; a member has at most one of them. */
export const currentStates = ["active", "paused"] as const satisfies readonly MembershipState[];

/** What happens to a membership: from which states, and where it leads. Everything else is illegal_transition. */
export const membershipTransitions = {
  /** Staff say yes to an application: its first period begins. */
  approve: { from: ["pending"], to: "active" },
  decline: { from: ["pending"], to: "declined" },
  /** Another period: after the one that runs, or from now when it had expired. */
  renew: { from: ["active", "expired"], to: "active" },
  /** Another plan takes over; the new membership begins where this one ends. */
  change: { from: ["active"], to: "changed" },
  /** Another plan, or nothing, takes over when the period ends. */
  plan_ahead: { from: ["active"], to: "active" },
  /** What was planned for the period's end is taken back. */
  continue: { from: ["active"], to: "active" },
  pause: { from: ["active"], to: "paused" },
  resume: { from: ["paused"], to: "active" },
  cancel: { from: ["pending", "active", "paused"], to: "cancelled" },
  /** The period and its days of grace are over. */
  expire: { from: ["active"], to: "expired" },
} as const satisfies Record<string, { from: readonly MembershipState[]; to: MembershipState }>;
export type MembershipStep = keyof typeof membershipTransitions;

/** True when a membership of this state may take this step. */
export const mayTake = (step: MembershipStep, state: MembershipState): boolean =>
  (membershipTransitions[step].from as readonly MembershipState[]).includes(state);

export const transactionKinds = [
  "join",
  "renewal",
  "upgrade",
  "downgrade",
  "pause",
  "resume",
  "cancellation",
  "continuation",
  "expiry",
] as const;
export type TransactionKind = (typeof transactionKinds)[number];

/** Whether money is owed for a transaction; billing settles it. */
export const paymentStatuses = ["none", "due"] as const;

/** When a change or a cancellation takes effect. */
export const effects = ["now", "period_end"] as const;
export type Effect = (typeof effects)[number];

/** Whose status follows their membership: staff never expire. */
export const expiringRoles = ["user", "service_provider"] as const;

/** How an amount came about, in the smallest unit: price − discount + setup fee + termination fee − credit. */
export interface Breakdown {
  price_minor: number;
  discount_minor: number;
  setup_fee_minor: number;
  termination_fee_minor: number;
  /** What was paid for time that is not used. */
  credit_minor: number;
}

export const nothingDue: Breakdown = {
  price_minor: 0,
  discount_minor: 0,
  setup_fee_minor: 0,
  termination_fee_minor: 0,
  credit_minor: 0,
};

/** What a breakdown comes to; negative for a credit. */
export const amountOf = (parts: Breakdown): number =>
  parts.price_minor - parts.discount_minor + parts.setup_fee_minor + parts.termination_fee_minor - parts.credit_minor;

/** As much of a plan as decides about periods and prices. */
export interface Terms {
  price_minor: number;
  setup_fee_minor: number;
  early_termination_fee_minor: number;
  billing_cycle: BillingCycle;
  trial_days: number;
  grace_days: number;
  promo: Promo | null;
}

/** As much of a membership as decides about them. */
export interface Stay {
  starts_at: number;
  ends_at: number;
  lapses_at: number;
  billing_cycle: BillingCycle;
  anchor_on: string;
  is_trial: boolean;
  auto_renew: boolean;
  cancels_at_end: boolean;
  next_plan_id: string | null;
  paused_until: number | null;
  status: MembershipState;
  paid_from: number;
  paid_minor: number;
  contract_ends_at: number | null;
}

/** A period as it begins: its columns, and what it costs. */
export interface Begun {
  columns: Pick<
    Stay,
    "starts_at" | "ends_at" | "lapses_at" | "billing_cycle" | "anchor_on" | "is_trial" | "paid_from" | "paid_minor"
  >;
  breakdown: Breakdown;
}

/** The end of the days of grace. */
const graceAfter = (ends_at: number, days: number, timezone: string): number =>
  ends_at >= ENDLESS || days === 0 ? ends_at : midnightAfter(ends_at, days, timezone);

/**
 * The first period on a plan, from an instant: a trial for nothing, or a paid one with its discounts and what of the setup fee is not paid
 * yet (`setup_minor`).
 */
export function firstPeriod(
  plan: Terms,
  from: number,
  timezone: string,
  options: { trial: boolean; setup_minor: number; code: string | null; priced_at: number },
): Begun {
  const trial = options.trial && plan.trial_days > 0;
  // A trial's cycles are counted from its end, when the first paid period begins.
  const begin = trial ? midnightAfter(from, plan.trial_days, timezone) : from;
  const anchor_on = localDate(begin, timezone);
  const { billing_cycle } = plan;
  const ends_at = trial ? begin : periodEnd({ billing_cycle, anchor_on, anchor_at: from }, from, timezone);
  const { promo } = plan;
  const discount_minor = promoApplies(promo, options.priced_at, options.code) ? discountOn(plan.price_minor, promo) : 0;
  const breakdown = trial
    ? nothingDue
    : {
        ...nothingDue,
        price_minor: plan.price_minor,
        discount_minor,
        setup_fee_minor: options.setup_minor,
      };
  const lapses_at = graceAfter(ends_at, plan.grace_days, timezone);
  const paid_minor = breakdown.price_minor - breakdown.discount_minor;
  return {
    columns: {
      starts_at: from,
      ends_at,
      lapses_at,
      billing_cycle,
      anchor_on,
      is_trial: trial,
      paid_from: from,
      paid_minor,
    },
    breakdown,
  };
}

/** Where the cycles of a stay are counted from. */
export const anchorOf = ({
  billing_cycle,
  anchor_on,
  starts_at,
}: Pick<Stay, "billing_cycle" | "anchor_on" | "starts_at">): CycleAnchor => ({
  billing_cycle,
  anchor_on,
  anchor_at: starts_at,
});

/** The cycle that a pause has made longer; null without one. */
export const stretchOf = (row: { stretched_from: number | null; stretched_to: number | null }): Period | null =>
  row.stretched_from === null || row.stretched_to === null ? null : { from: row.stretched_from, to: row.stretched_to };

/**
 * Where a period ends that begins at an instant. When the makerspace has moved to a zone further west, the end of a period lies shortly
 * before the end of a cycle there: nobody pays a cycle for that rest, the period ends with the cycle after it. Zones are up to 26 hours
 * apart, so of cycles longer than a day two days are such a rest; a day that is short because of its clocks is none.
 */
function wholeEnd(anchor: CycleAnchor, from: number, timezone: string): number {
  const ends_at = periodEnd(anchor, from, timezone);
  if (anchor.billing_cycle === "hourly" || anchor.billing_cycle === "lifetime") return ends_at;
  const rest = anchor.billing_cycle === "daily" ? DAY : 2 * DAY;
  const isWhole = cycleAt(anchor, from, timezone).from === from;
  return isWhole || ends_at - from >= rest ? ends_at : periodEnd(anchor, ends_at, timezone);
}

/**
 * One more period on the same plan, from the end of the one before: days of grace that were used are not given twice. The setup fee that a
 * trial put off falls due with it. A plan whose cycle has changed meanwhile begins the new cycle there.
 */
export function nextPeriod(stay: Stay, plan: Terms, now: number, timezone: string, setup_minor: number) {
  const from = stay.ends_at;
  const same = stay.billing_cycle === plan.billing_cycle;
  const anchor_on = same ? stay.anchor_on : localDate(from, timezone);
  const anchor = {
    ...anchorOf(stay),
    billing_cycle: plan.billing_cycle,
    anchor_on,
    ...(same ? {} : { anchor_at: from }),
  };
  const ends_at = wholeEnd(anchor, from, timezone);
  const breakdown = {
    ...nothingDue,
    price_minor: plan.price_minor,
    setup_fee_minor: stay.is_trial ? setup_minor : 0,
  };
  // Renewed ahead of time, what was paid for the rest of this period counts on.
  const early = now < stay.ends_at;
  const columns = {
    ends_at,
    lapses_at: graceAfter(ends_at, plan.grace_days, timezone),
    billing_cycle: plan.billing_cycle,
    anchor_on,
    is_trial: false,
    paid_from: early ? stay.paid_from : from,
    paid_minor: plan.price_minor + (early ? stay.paid_minor : 0),
  };
  return { columns, breakdown, period: { from, to: ends_at } };
}

/** What was paid for time that is not used from `now` on, rounded half up to the smallest unit; nothing for a stay without end. */
export function unusedOf(stay: Stay, now: number): number {
  if (stay.ends_at >= ENDLESS || now >= stay.ends_at || stay.ends_at <= stay.paid_from) return 0;
  return share(stay.paid_minor, stay.ends_at - Math.max(now, stay.paid_from), stay.ends_at - stay.paid_from);
}

/** What leaving costs before the contract has ended. */
export const terminationFee = (stay: Stay, plan: Terms, at: number): number =>
  stay.contract_ends_at !== null && at < stay.contract_ends_at ? plan.early_termination_fee_minor : 0;

/** When the clockwork looks at a membership again; null when it need not. */
export function dueAt(stay: Stay): number | null {
  if (stay.status === "paused") return stay.paused_until;
  if (stay.status !== "active" || stay.ends_at >= ENDLESS) return null;
  const goesOn = stay.auto_renew || stay.cancels_at_end || stay.next_plan_id !== null;
  return goesOn ? stay.ends_at : stay.lapses_at;
}

/**
 * When a change of plan takes effect unless told: an upgrade at once, a downgrade when the period ends that is paid for. A stay without end,
 * or whose period is over, changes at once.
 */
export function effectOf(from: Terms, to: Terms, stay: Stay, now: number): Effect {
  if (stay.ends_at >= ENDLESS || stay.ends_at <= now) return "now";
  return directionOf(from, to) === "upgrade" ? "now" : "period_end";
}
