import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { Tier } from "../prices/model.ts";
import type { CostRule } from "./contract.ts";
import type { costRules } from "./tables.ts";

export type CostRuleRow = typeof costRules.$inferSelect;
type View = z.output<typeof CostRule>;

const money = (amount_minor: number, currency: string | null) => ({ amount_minor, currency: currency ?? "" });

/** Row → JSON. The columns of lists are written through the contract alone. */
export const viewCostRule = (row: CostRuleRow): View => ({
  id: row.id,
  equipment_id: row.equipment_id,
  name: row.name,
  status: row.status,
  rule_type: row.rule_type,
  amount: row.amount_minor === null ? null : money(row.amount_minor, row.currency),
  percent: row.percent,
  priority: row.priority,
  tiers: (row.tiers as Tier[]).map(({ after_minutes, amount_minor }) => ({
    after_minutes,
    amount: money(amount_minor, row.currency),
  })),
  hours: row.hours as View["hours"],
  weekdays: row.weekdays as View["weekdays"],
  plan_ids: row.plan_ids as string[] | null,
  skill_id: row.skill_id,
  min_level: row.min_level,
  member_ids: row.member_ids as string[] | null,
  project_ids: row.project_ids as string[] | null,
  valid_from: toIsoOrNull(row.valid_from),
  valid_to: toIsoOrNull(row.valid_to),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
