import { z } from "@hono/zod-openapi";
import {
  anyOf,
  Id,
  Instant,
  InstantInput,
  line,
  Money,
  orNull,
  pageOf,
  pageQuery,
  resourceFields,
} from "../../../platform/contract.ts";
import { weekdays } from "../../../platform/settings/hours.ts";
import { skillLevels } from "../../../platform/skills.ts";
import { percentTypes, rateTypes, ruleTypes } from "../prices/model.ts";
import { costRuleStatuses } from "./tables.ts";

const clock = /^([01]\d|2[0-3]):[0-5]\d$/;
const ids = z.array(Id).min(1).max(100).nullable();
const fields = {
  name: line(120).nullable(),
  rule_type: z.enum(ruleTypes).openapi({
    description:
      "Rates by the hour replace each other by priority: `hourly`, `tiered`, `time_of_day`, `weekday`, and `plan` or `skill` with an amount. `plan` and `skill` with `percent` are discounts and premiums, which add up.",
  }),
  amount: orNull(Money).openapi({ description: "By the hour for rates, otherwise once. In the machine's currency." }),
  percent: z.int().min(-100).max(1_000).nullable().openapi({
    description: "In place of `amount`, of `plan` and `skill` rules: negative for a discount.",
  }),
  priority: z
    .int()
    .min(-1_000)
    .max(1_000)
    .openapi({ description: "Higher goes first; of two with the same, the older." }),
  tiers: z
    .array(z.strictObject({ after_minutes: z.int().min(1).max(43_200), amount: Money }))
    .max(20)
    .refine(
      (tiers) => tiers.every((tier, at) => at === 0 || tier.after_minutes > (tiers[at - 1]?.after_minutes ?? 0)),
      "must be in order of after_minutes",
    )
    .openapi({ description: "What an hour costs past so many minutes from the start; before the first, `amount`." }),
  hours: z
    .strictObject({
      from: z.string().regex(clock, "must be HH:MM").openapi({ example: "18:00" }),
      to: z
        .string()
        .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, "must be HH:MM, at most 24:00")
        .openapi({ example: "22:00" }),
    })
    .refine(({ from, to }) => from !== to, "must not be empty")
    .nullable()
    .openapi({ description: "Wall clock of the makerspace; over midnight when `to` comes before `from`. Rates only." }),
  weekdays: z.array(z.enum(weekdays)).min(1).max(7).nullable().openapi({ description: "Wall clock, too. Rates only." }),
  plan_ids: ids.openapi({ description: "For those who are on one of these plans when they book." }),
  skill_id: Id.nullable().openapi({ description: "For those who hold this skill when the time begins." }),
  min_level: z.enum(skillLevels).nullable(),
  member_ids: ids,
  project_ids: ids,
  valid_from: InstantInput.nullable().openapi({ description: "For times that start then or later." }),
  valid_to: InstantInput.nullable().openapi({ description: "And before this." }),
};

/** A rule as a whole, as far as its parts depend on each other. */
export type RuleParts = z.output<z.ZodObject<typeof fields>>;

/** What is wrong with a rule: pointer and words. */
export function faultsOf(rule: RuleParts): { path: keyof RuleParts; message: string }[] {
  const { rule_type, amount, percent } = rule;
  const isRate = rateTypes.includes(rule_type) && amount !== null;
  const faults: { path: keyof RuleParts; message: string }[] = [];
  const wants = (holds: boolean, path: keyof RuleParts, message: string): void => {
    if (!holds) faults.push({ path, message });
  };
  wants((amount === null) !== (percent === null), "amount", "either an amount or a percentage");
  wants(percent === null || percentTypes.includes(rule_type), "percent", "is for plan and skill rules");
  wants(rule_type !== "tiered" || rule.tiers.length > 0, "tiers", "a tiered rule has tiers");
  wants(rule_type === "tiered" || rule.tiers.length === 0, "tiers", "are for tiered rules");
  wants(rule_type !== "time_of_day" || rule.hours !== null, "hours", "a rule by time of day has hours");
  wants(rule_type !== "weekday" || rule.weekdays !== null, "weekdays", "a rule by weekday names some");
  wants(isRate || (rule.hours === null && rule.weekdays === null), "hours", "hours and weekdays are for rates");
  wants(rule_type !== "plan" || rule.plan_ids !== null, "plan_ids", "a rule by plan names some");
  wants(rule_type !== "skill" || rule.skill_id !== null, "skill_id", "a rule by skill names one");
  wants(rule.min_level === null || rule.skill_id !== null, "min_level", "needs a skill");
  const { valid_from, valid_to } = rule;
  wants(valid_from === null || valid_to === null || valid_from < valid_to, "valid_to", "must be after valid_from");
  const currencies = new Set(rule.tiers.map((tier) => tier.amount.currency));
  wants(
    [...currencies].every((currency) => currency === amount?.currency),
    "tiers",
    "are in the currency of amount",
  );
  return faults;
}

export const CostRuleInput = z
  .strictObject({
    ...fields,
    name: fields.name.default(null),
    amount: fields.amount.default(null),
    percent: fields.percent.default(null),
    priority: fields.priority.default(0),
    tiers: fields.tiers.default([]),
    hours: fields.hours.default(null),
    weekdays: fields.weekdays.default(null),
    plan_ids: fields.plan_ids.default(null),
    skill_id: fields.skill_id.default(null),
    min_level: fields.min_level.default(null),
    member_ids: fields.member_ids.default(null),
    project_ids: fields.project_ids.default(null),
    valid_from: fields.valid_from.default(null),
    valid_to: fields.valid_to.default(null),
  })
  .superRefine((rule, context) => {
    for (const { path, message } of faultsOf(rule)) context.addIssue({ code: "custom", path: [path], message });
  })
  .openapi("CostRuleInput", {
    example: { rule_type: "hourly", amount: { amount_minor: 1200, currency: "EUR" }, priority: 10 },
  });

const { rule_type: _fixed, ...changeable } = fields;

export const CostRulePatch = z
  .strictObject(changeable)
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, "changes nothing")
  .openapi("CostRulePatch");

export const CostRule = z
  .strictObject({
    ...resourceFields,
    equipment_id: Id,
    status: z.enum(costRuleStatuses),
    ...fields,
    valid_from: Instant.nullable(),
    valid_to: Instant.nullable(),
  })
  .openapi("CostRule");
export const CostRulePage = pageOf(CostRule).openapi("CostRulePage");

export const CostRuleQuery = z.strictObject({
  ...pageQuery,
  status: anyOf(z.enum(costRuleStatuses)).openapi({ description: "`active` unless told." }),
});
