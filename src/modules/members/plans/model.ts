/** The vocabulary of plans, and what they cost. Pure. */

import type { BillingCycle } from "../memberships/cycles.ts";

export const planTypes = ["free", "basic", "standard", "premium", "enterprise", "custom"] as const;
export const planStatuses = ["active", "archived"] as const;
export const planVisibilities = ["public", "staff"] as const;

/**
 * Limits whose module is not there yet: what nothing reads keeps its initial value, and naming another one is refused with the module's
 * name. A module that comes takes its line away.
 */
export const reservedLimits = {
  priority: { initial: 0, reserved_for: "waitlist" },
  project_limit: { initial: null, reserved_for: "projects" },
  storage_mb: { initial: null, reserved_for: "projects" },
} as const;
export const reservedLimitNames = Object.keys(reservedLimits) as (keyof typeof reservedLimits)[];

/** A discount on the price of the first period; with a code for those who name it, without one for everybody. */
export interface Promo {
  /** In upper case. */
  code: string | null;
  /** Hundredths of a percent (1 to 10,000), or null when it is an amount. */
  percent_basis_points: number | null;
  /** In the smallest unit of the plan's currency. */
  amount_minor: number | null;
  /** Epoch milliseconds; null without that bound. */
  starts_at: number | null;
  ends_at: number | null;
}

/** Codes are compared in upper case without spaces around them. */
export const promoCode = (typed: string): string => typed.trim().toUpperCase();

/**
 * `amount × part / whole` in the smallest unit, rounded half up. Integers throughout: amounts times milliseconds are past what doubles hold.
 * @param whole above 0
 */
export function share(amount: number, part: number, whole: number): number {
  const [a, p, w] = [BigInt(amount), BigInt(part), BigInt(whole)];
  return Number((2n * a * p + w) / (2n * w));
}

/** The discount of a promo on a price: never more than the price. A percentage is rounded half up to the smallest unit. */
export const discountOn = (price_minor: number, promo: Promo): number =>
  Math.min(price_minor, promo.amount_minor ?? share(price_minor, promo.percent_basis_points ?? 0, 10_000));

/** Whether a promo counts now, for somebody who named `code` or none. */
export const promoApplies = (promo: Promo | null, now: number, code: string | null): promo is Promo =>
  promo !== null &&
  (promo.starts_at === null || promo.starts_at <= now) &&
  (promo.ends_at === null || promo.ends_at > now) &&
  (promo.code === null || promo.code === code);

/** How long a cycle is on average, in minutes, to compare prices by; a plan for life has none. */
const cycleMinutes: Readonly<Record<Exclude<BillingCycle, "lifetime">, number>> = {
  hourly: 60,
  daily: 1_440,
  weekly: 10_080,
  monthly: 43_800,
  quarterly: 131_400,
  yearly: 525_600,
};

interface Priced {
  price_minor: number;
  billing_cycle: BillingCycle;
}

/** What a plan costs for a minute on average; for life: nothing, or more than any other. */
const rateOf = ({ price_minor, billing_cycle }: Priced): number => {
  if (billing_cycle !== "lifetime") return price_minor / cycleMinutes[billing_cycle];
  return price_minor === 0 ? 0 : Number.POSITIVE_INFINITY;
};

/** The direction of a change of plan: to one that costs more for the same time it is an upgrade, otherwise a downgrade. */
export const directionOf = (from: Priced, to: Priced): "upgrade" | "downgrade" =>
  rateOf(to) > rateOf(from) ? "upgrade" : "downgrade";
