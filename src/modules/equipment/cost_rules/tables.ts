import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { json, makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { skillLevels } from "../../../platform/skills.ts";
import { ruleTypes } from "../prices/model.ts";

export const costRuleStatuses = ["active", "archived"] as const;

export const costRules = sqliteTable(
  "cost_rules",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    equipment_id: text().notNull(),
    name: text(),
    status: text({ enum: costRuleStatuses }).notNull(),
    rule_type: text({ enum: ruleTypes }).notNull(),
    priority: integer().notNull(),
    amount_minor: integer(),
    currency: text(),
    percent: integer(),
    tiers: json().notNull(),
    hours: json(),
    weekdays: json(),
    plan_ids: json(),
    skill_id: text(),
    min_level: text({ enum: skillLevels }),
    member_ids: json(),
    project_ids: json(),
    valid_from: integer(),
    valid_to: integer(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

/** Written by SQL over the rules that are there, see versions.ts; never changed. */
export const priceVersions = sqliteTable(
  "price_versions",
  {
    makerspace_id: makerspaceId(),
    equipment_id: text().notNull(),
    version: integer().notNull(),
    body: text().notNull(),
    created_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.equipment_id, table.version] })],
);
