/**
 * What a time on a machine costs: one pure function for estimates, bookings and settlements. Integers of the smallest unit of money alone;
 * which rules add, which replace and how is rounded stands in docs/adr/0021-prices.md. Times are epoch milliseconds.
 */

import { stretches, type Weekday, type WeeklyWindows, weekdays } from "../../../platform/settings/hours.ts";
import { countingLevel, type Holding, reaches, type SkillLevel } from "../../../platform/skills.ts";
import { HOUR, MINUTE } from "../../../platform/time.ts";
import type { Zone } from "../../../platform/zone.ts";
import type { Billing, Interval } from "../model.ts";

export const ruleTypes = [
  "flat",
  "hourly",
  "tiered",
  "time_of_day",
  "weekday",
  "plan",
  "skill",
  "minimum",
  "maximum",
  "deposit",
] as const;
export type RuleType = (typeof ruleTypes)[number];

/** Rates by the hour: at each instant the one with the highest priority replaces the others. Plan and skill rules with an amount are such rates. */
export const rateTypes: readonly RuleType[] = ["hourly", "tiered", "time_of_day", "weekday", "plan", "skill"];
/** Those that may be a percentage instead: a premium or a discount. */
export const percentTypes: readonly RuleType[] = ["plan", "skill"];

/** Past `after_minutes` of a booking an hour costs this. */
export interface Tier {
  after_minutes: number;
  amount_minor: number;
}

/** A rule of a price. `null` is no condition. */
export interface CostRule {
  /** Null for the machine's own hourly rate and deposit, which every rule goes before. */
  id: string | null;
  rule_type: RuleType;
  /** Higher goes first; of two with the same, the older one (the smaller id). */
  priority: number;
  /** By the hour for rates, otherwise once. Null when the rule is a percentage. */
  amount_minor: number | null;
  /** −100 … 1000; of rates and flat charge together. */
  percent: number | null;
  tiers: readonly Tier[];
  /** On the wall clock of the makerspace; over midnight when `to` is not after `from`. */
  hours: { from: string; to: string } | null;
  weekdays: readonly Weekday[] | null;
  plan_ids: readonly string[] | null;
  skill_id: string | null;
  min_level: SkillLevel | null;
  member_ids: readonly string[] | null;
  project_ids: readonly string[] | null;
  /** Bookings that start in [valid_from, valid_to). */
  valid_from: number | null;
  valid_to: number | null;
}

/** All the rules of a machine as they were at one time. A version never changes. */
export interface PriceBook {
  version: number;
  currency: string;
  rules: readonly CostRule[];
}

/** Of whom and of what a price depends on. Skills are those that count at booking. */
export interface PriceInputs {
  member_id: string | null;
  plan_id: string | null;
  project_id: string | null;
  skills: readonly { skill_id: string; level: SkillLevel }[];
}

/** What is read of a price and of a person before a machine is asked: the machine prices what it books by it. */
export interface Pricing {
  /** Of the book, or of the machine without one. */
  currency: string;
  /** The newest version; null when nothing is said of money. */
  book: PriceBook | null;
  plan_id: string | null;
  /** What the person holds of the skills that rules name. */
  skills: readonly { skill_id: string; holdings: readonly Holding[] }[];
}

/** The levels that count for a time that begins at `at`. */
export const skillsAt = ({ skills }: Pick<Pricing, "skills">, at: number, now: number): PriceInputs["skills"] =>
  skills.flatMap(({ skill_id, holdings }) => {
    const level = countingLevel(holdings, at, now);
    return level === null ? [] : [{ skill_id, level }];
  });

/** What a booking costs and under which terms, as it was made: kept with it, whatever the rules become. */
export interface FrozenPrice {
  /** Of the machine's price; 0 when only fees are at stake. */
  version: number;
  currency: string;
  /** Rules by the clock were judged in this zone. */
  timezone: string;
  plan_id: string | null;
  skills: PriceInputs["skills"];
  total_minor: number;
  deposit_minor: number;
  bill_by: Billing;
  /** A cancellation later than this before the start costs the fee. */
  cancellation_hours: number;
  late_cancel_fee_minor: number;
  no_show_fee_minor: number;
}

/** The terms that were kept with a booking; null without. Written by its machine alone. */
export const frozenOf = ({ price }: { price: string | null }): FrozenPrice | null =>
  price === null ? null : (JSON.parse(price) as FrozenPrice);

/** What a rule adds to the total; negative for a discount. */
export interface PriceLine {
  rule_id: string | null;
  rule_type: RuleType;
  amount_minor: number;
  /** Of a rate: how much time it was for, to the begun minute. */
  minutes: number | null;
}

export interface Estimate {
  lines: PriceLine[];
  /** The sum of the lines; never negative. */
  total_minor: number;
  /** Taken and given back: no part of the total. */
  deposit_minor: number;
}

/** Half of the smallest unit goes away from zero. `part / whole` of an integer, exact. */
export function shareOf(amount: number, part: number, whole: number): number {
  const exact = BigInt(amount) * BigInt(part);
  const size = exact < 0n ? -exact : exact;
  const rounded = (size * 2n + BigInt(whole)) / (BigInt(whole) * 2n);
  return Number(exact < 0n ? -rounded : rounded);
}

/** Higher priority first; the machine's own last; then the older. One order, whatever order they were given in. */
function inOrder(a: CostRule, b: CostRule): number {
  if (a.id === null || b.id === null) return Number(a.id === null) - Number(b.id === null);
  return b.priority - a.priority || (a.id < b.id ? -1 : Number(a.id > b.id));
}

const names = (listed: readonly string[] | null, id: string | null): boolean =>
  listed === null || (id !== null && listed.includes(id));

/** Does the rule concern this person, this project, and a time that begins then? */
function concerns(rule: CostRule, starts_at: number, inputs: PriceInputs): boolean {
  const { valid_from, valid_to, skill_id, min_level } = rule;
  return (
    (valid_from === null || starts_at >= valid_from) &&
    (valid_to === null || starts_at < valid_to) &&
    names(rule.member_ids, inputs.member_id) &&
    names(rule.project_ids, inputs.project_id) &&
    names(rule.plan_ids, inputs.plan_id) &&
    (skill_id === null || inputs.skills.some((one) => one.skill_id === skill_id && reaches(one.level, min_level)))
  );
}

/** When a rule holds, on the wall clock; null for always. */
function windowsOf({ hours, weekdays: days }: CostRule): WeeklyWindows | null {
  if (hours === null && days === null) return null;
  const { from, to } = hours ?? { from: "00:00", to: "24:00" };
  const whole =
    from < to
      ? [{ from, to }]
      : [
          { from: "00:00", to },
          { from, to: "24:00" },
        ];
  const windows = whole.filter((window) => window.from < window.to);
  return Object.fromEntries(weekdays.map((day) => [day, days === null || days.includes(day) ? windows : []]));
}

/** A rate, and the stretches of the time in which it holds. */
interface Rate {
  rule: CostRule;
  open: readonly { from: number; to: number }[] | null;
}

const holdsAt = ({ open }: Rate, at: number): boolean =>
  open === null || open.some(({ from, to }) => from <= at && at < to);

function ratesOf(rules: readonly CostRule[], { starts_at, ends_at }: Interval, zone: Zone): Rate[] {
  return rules
    .filter((rule) => rateTypes.includes(rule.rule_type) && rule.amount_minor !== null)
    .map((rule) => {
      const windows = windowsOf(rule);
      const open = windows && stretches(windows, zone, starts_at, ends_at).filter((each) => each.open);
      return { rule, open };
    });
}

/** What an hour costs under a rule, so long after the start. */
function hourAt({ amount_minor, tiers }: CostRule, since: number): number {
  let amount = amount_minor ?? 0;
  for (const tier of tiers) if (since >= tier.after_minutes * MINUTE) amount = tier.amount_minor;
  return amount;
}

/** The instants at which another rate, or another tier, may begin. */
function edgesOf(rates: readonly Rate[], { starts_at, ends_at }: Interval): number[] {
  const edges = rates.flatMap(({ rule, open }) => [
    ...(open ?? []).flatMap(({ from, to }) => [from, to]),
    ...rule.tiers.map(({ after_minutes }) => starts_at + after_minutes * MINUTE),
  ]);
  const inside = [...new Set(edges)].filter((at) => at > starts_at && at < ends_at).sort((a, b) => a - b);
  return [starts_at, ...inside, ends_at];
}

/** One line for each rate that held: the money of an hour times its milliseconds, summed exactly and rounded once. */
function timeLines(rates: readonly Rate[], slot: Interval): PriceLine[] {
  const sums = new Map<Rate, { exact: bigint; ms: number }>();
  const edges = edgesOf(rates, slot);
  for (const [index, from] of edges.entries()) {
    const to = edges[index + 1];
    const rate = to === undefined ? undefined : rates.find((each) => holdsAt(each, from));
    if (to === undefined || !rate) continue;
    const { exact, ms } = sums.get(rate) ?? { exact: 0n, ms: 0 };
    const hour = BigInt(hourAt(rate.rule, from - slot.starts_at));
    sums.set(rate, { exact: exact + hour * BigInt(to - from), ms: ms + to - from });
  }
  return [...sums].map(([{ rule }, { exact, ms }]) => ({
    rule_id: rule.id,
    rule_type: rule.rule_type,
    amount_minor: Number((exact * 2n + BigInt(HOUR)) / (BigInt(HOUR) * 2n)),
    minutes: Math.ceil(ms / MINUTE),
  }));
}

const once = (rule: CostRule, amount_minor: number): PriceLine => ({
  rule_id: rule.id,
  rule_type: rule.rule_type,
  amount_minor,
  minutes: null,
});

const sum = (lines: readonly PriceLine[]): number => lines.reduce((total, line) => total + line.amount_minor, 0);

/**
 * What a time costs. A begun minute counts whole. Rates are summed over the stretches in which they hold, the flat charge is added, then
 * premiums and discounts of both together, then what the minimum adds or the maximum takes away; of both, the maximum has the last word.
 */
export function estimate(book: PriceBook, slot: Interval, inputs: PriceInputs, zone: Zone): Estimate {
  const { starts_at } = slot;
  const ends_at = starts_at + Math.max(0, Math.ceil((slot.ends_at - starts_at) / MINUTE)) * MINUTE;
  const rules = book.rules.filter((rule) => concerns(rule, starts_at, inputs)).sort(inOrder);
  const first = (type: RuleType): CostRule | undefined => rules.find((rule) => rule.rule_type === type);
  const lines = timeLines(ratesOf(rules, { starts_at, ends_at }, zone), { starts_at, ends_at });
  const flat = first("flat");
  if (flat) lines.push(once(flat, flat.amount_minor ?? 0));
  const base = sum(lines);
  for (const rule of rules) {
    if (rule.percent === null) continue;
    // Discounts take away what there is, and no more.
    const amount = Math.max(shareOf(base, rule.percent, 100), -sum(lines));
    if (amount !== 0) lines.push(once(rule, amount));
  }
  const least = first("minimum");
  if (least && sum(lines) < (least.amount_minor ?? 0)) {
    lines.push(once(least, (least.amount_minor ?? 0) - sum(lines)));
  }
  const most = first("maximum");
  if (most?.amount_minor != null && sum(lines) > most.amount_minor) {
    lines.push(once(most, most.amount_minor - sum(lines)));
  }
  return { lines, total_minor: sum(lines), deposit_minor: first("deposit")?.amount_minor ?? 0 };
}
