import { spaceRoute } from "../../../platform/route.ts";
import { machineFact } from "../machines/index.ts";
import { CostRule, CostRuleInput, CostRulePage, CostRulePatch, CostRuleQuery } from "./contract.ts";
import { archiveCostRule, changeCostRule, createCostRule, listCostRules, readCostRule } from "./service.ts";

const tag = "equipment";
const all = "/equipment/{equipment_id}/cost_rules";
const one = `${all}/{cost_rule_id}`;
const facts = { machine: machineFact };

export const costRuleRoutes = [
  spaceRoute(
    {
      operation_id: "create_cost_rule",
      tag,
      method: "post",
      path: all,
      summary: "Add a rule to what a machine costs; bookings there are keep their price",
      description:
        "Rates by the hour replace each other by priority at each instant; flat charge, percentages, minimum and maximum follow. docs/adr/0021-prices.md says how.",
      permission: "cost_rules.manage",
      facts,
      body: CostRuleInput,
      idempotency: "optional",
      status: 201,
      response: CostRule,
      problems: ["equipment_retired", "unknown_reference", "too_many_cost_rules", "conflict"],
    },
    (space, { facts: { machine }, body }) => createCostRule(space, machine, body),
  ),
  spaceRoute(
    {
      operation_id: "list_cost_rules",
      tag,
      method: "get",
      path: all,
      summary: "What makes the price of a machine, oldest rule first; those in force unless told",
      permission: "cost_rules.read",
      facts,
      query: CostRuleQuery,
      response: CostRulePage,
      problems: ["invalid_cursor"],
    },
    (space, { facts: { machine }, query }) => listCostRules(space, machine, query),
  ),
  spaceRoute(
    {
      operation_id: "get_cost_rule",
      tag,
      method: "get",
      path: one,
      summary: "One rule",
      permission: "cost_rules.read",
      facts,
      response: CostRule,
    },
    (space, { facts: { machine }, params }) => readCostRule(space, machine, params.cost_rule_id),
  ),
  spaceRoute(
    {
      operation_id: "update_cost_rule",
      tag,
      method: "patch",
      path: one,
      summary: "Change a rule from now on; bookings there are keep their price",
      permission: "cost_rules.manage",
      facts,
      body: CostRulePatch,
      if_match: "required",
      response: CostRule,
      problems: ["unknown_reference", "illegal_transition", "conflict"],
    },
    (space, { facts: { machine }, params, if_match, body }) =>
      changeCostRule(space, machine, params.cost_rule_id, if_match, body),
  ),
  spaceRoute(
    {
      operation_id: "archive_cost_rule",
      tag,
      method: "delete",
      path: one,
      summary: "Put a rule away: it counts for no booking from now on",
      permission: "cost_rules.manage",
      facts,
      status: 204,
      problems: ["conflict"],
    },
    (space, { facts: { machine }, params }) => archiveCostRule(space, machine, params.cost_rule_id),
  ),
];
