/** Cost rules: each change writes a new version of the machine's price in its batch. Bookings keep the version that they were made under. */

import type { z } from "@hono/zod-openapi";
import { asc, eq } from "drizzle-orm";
import type { Permission } from "../../../platform/access/permissions.ts";
import { write } from "../../../platform/db/commit.ts";
import { byNumberAndId, combinations, leads, mergeWalks, within } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { type FieldError, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { type MachineRow, requireMachine } from "../machines/index.ts";
import { newPriceVersion } from "../prices/versions.ts";
import { reachesAll } from "../standing.ts";
import {
  type CostRule,
  type CostRuleInput,
  type CostRulePatch,
  type CostRuleQuery,
  faultsOf,
  type RuleParts,
} from "./contract.ts";
import { costRules } from "./tables.ts";
import { type CostRuleRow, viewCostRule } from "./view.ts";

type View = z.output<typeof CostRule>;

/** The machine, when the caller may do this there. @throws not_found, forbidden */
function machineFor(space: Space, rows: MachineRow[], permission: Permission): MachineRow {
  const row = requireMachine(rows);
  if (!reachesAll(space, permission, row)) throw problem("forbidden", { detail: "Your duty covers other machines." });
  return row;
}

/** Everything of a machine is paid in one currency. @throws invalid_body */
function columnsOf(space: Space, machine: MachineRow, rule: RuleParts) {
  const { amount, tiers, ...rest } = rule;
  const currency = machine.currency ?? space.settings.currency;
  const given = [...(amount ? [["/amount/currency", amount.currency] as const] : [])];
  const errors: FieldError[] = given
    .filter(([, code]) => code !== currency)
    .map(([pointer]) => ({ pointer, code: "other_currency", detail: `the machine is paid in ${currency}` }));
  for (const { path, message } of faultsOf(rule))
    errors.push({ pointer: `/${path}`, code: "contradiction", detail: message });
  if (errors.length > 0) throw problem("invalid_body", { errors });
  return {
    ...rest,
    amount_minor: amount?.amount_minor ?? null,
    currency: amount?.currency ?? null,
    tiers: tiers.map((tier) => ({ after_minutes: tier.after_minutes, amount_minor: tier.amount.amount_minor })),
  };
}

/** What an auditor needs of a rule; for whom it is, stays with it. */
const audited = ({ equipment_id, status, rule_type, amount_minor, currency, percent, priority }: CostRuleRow) => ({
  equipment_id,
  status,
  rule_type,
  amount_minor,
  currency,
  percent,
  priority,
});

/** Adds a rule. @throws forbidden, equipment_retired, invalid_body, too_many_cost_rules, unknown_reference, conflict */
export async function createCostRule(
  space: Space,
  rows: MachineRow[],
  input: z.output<typeof CostRuleInput>,
): Promise<View> {
  const machine = machineFor(space, rows, "cost_rules.manage");
  if (machine.retired_at !== null) throw problem("equipment_retired");
  const row: CostRuleRow = space.store.row({
    ...columnsOf(space, machine, input),
    id: newId(),
    equipment_id: machine.id,
    status: "active" as const,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const body = viewCostRule(row);
  await space.commit(
    {
      action: "cost_rule.created",
      subject: { type: "cost_rule", id: row.id, version: 1 },
      after: audited(row),
      answer: { status: 201, body },
    },
    write(space.db.insert(costRules).values(row)),
    newPriceVersion(space, machine.id, "conflict"),
  );
  return body;
}

async function find(space: Space, machine: MachineRow, id: string): Promise<CostRuleRow> {
  const [row] = await space.db
    .select()
    .from(costRules)
    .where(space.store.in(costRules, eq(costRules.id, id), eq(costRules.equipment_id, machine.id)));
  if (!row) throw problem("not_found");
  return row;
}

/** One rule. @throws not_found, forbidden */
export const readCostRule = async (space: Space, rows: MachineRow[], id: string): Promise<View> =>
  viewCostRule(await find(space, machineFor(space, rows, "cost_rules.read"), id));

/** The rules of a machine, oldest first. @throws forbidden */
export async function listCostRules(
  space: Space,
  rows: MachineRow[],
  query: z.output<typeof CostRuleQuery>,
): Promise<Page<View>> {
  const machine = machineFor(space, rows, "cost_rules.read");
  const { limit, cursor, status = ["active" as const] } = query;
  const list = ["cost_rules", machine.id, status];
  const after = readCursor(cursor, list);
  const walks = combinations({ status }).map((one) =>
    space.db
      .select()
      .from(costRules)
      .where(
        space.store.in(
          costRules,
          leads(costRules.equipment_id, machine.id),
          one.status === undefined ? undefined : leads(costRules.status, one.status),
          within(costRules.created_at, costRules.id, { after, direction: "asc" }),
        ),
      )
      .orderBy(asc(costRules.created_at), asc(costRules.id))
      .limit(limit + 1),
  );
  const compare = byNumberAndId<CostRuleRow>((row) => row.created_at, "asc");
  const found = await space.time("db", mergeWalks(space.db, walks, compare, limit + 1));
  return toPage(found, limit, list, (row) => ({ value: row.created_at, id: row.id }), viewCostRule);
}

const partsOf = (row: CostRuleRow): RuleParts => {
  const { name, rule_type, amount, percent, priority, tiers, hours, weekdays, plan_ids, skill_id, min_level } =
    viewCostRule(row);
  const { member_ids, project_ids } = viewCostRule(row);
  const { valid_from, valid_to } = row;
  const who = { plan_ids, skill_id, min_level, member_ids, project_ids, valid_from, valid_to };
  return { name, rule_type, amount, percent, priority, tiers, hours, weekdays, ...who };
};

/** Merges fields; bookings keep the price that they were made under. @throws as `createCostRule`; not_found, stale_version, precondition_required */
export async function changeCostRule(
  space: Space,
  rows: MachineRow[],
  id: string,
  if_match: number | null,
  patch: z.output<typeof CostRulePatch>,
): Promise<View> {
  const machine = machineFor(space, rows, "cost_rules.manage");
  const before = await find(space, machine, id);
  if (if_match === null) throw problem("precondition_required");
  if (if_match !== before.version) throw problem("stale_version");
  if (before.status === "archived") throw problem("illegal_transition", { current_status: "archived" });
  const columns = columnsOf(space, machine, { ...partsOf(before), ...definedOnly(patch) });
  const change = { ...columns, updated_at: space.now, version: before.version + 1 };
  const after: CostRuleRow = { ...before, ...change };
  await space.commit(
    {
      action: "cost_rule.changed",
      subject: { type: "cost_rule", id, version: after.version },
      before: audited(before),
      after: { ...audited(after), changed: Object.keys(patch) },
    },
    write(
      space.db
        .update(costRules)
        .set(change)
        .where(space.store.in(costRules, eq(costRules.id, id), eq(costRules.version, before.version))),
      { expect: "stale_version" },
    ),
    newPriceVersion(space, machine.id, "conflict"),
  );
  return viewCostRule(after);
}

/** Archives a rule: it counts for no booking from now on. @throws not_found, forbidden */
export async function archiveCostRule(space: Space, rows: MachineRow[], id: string): Promise<void> {
  const machine = machineFor(space, rows, "cost_rules.manage");
  const before = await find(space, machine, id);
  if (before.status === "archived") return;
  const version = before.version + 1;
  await space.commit(
    {
      action: "cost_rule.archived",
      subject: { type: "cost_rule", id, version },
      before: audited(before),
      after: { ...audited(before), status: "archived" },
    },
    write(
      space.db
        .update(costRules)
        .set({ status: "archived", updated_at: space.now, version })
        .where(space.store.in(costRules, eq(costRules.id, id), eq(costRules.version, before.version))),
      { expect: "conflict" },
    ),
    newPriceVersion(space, machine.id, "conflict"),
  );
}
