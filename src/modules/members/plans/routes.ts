import { publicRoute, spaceRoute } from "../../../platform/route.ts";
import type { MachineCheck } from "../port.ts";
import {
  DefaultPlans,
  DuplicateInput,
  Plan,
  PlanInput,
  PlanMemberPage,
  PlanMemberQuery,
  PlanOrPublic,
  PlanPage,
  PlanPatch,
  PlanQuery,
  PublicPlanPage,
  PublicPlanQuery,
} from "./contract.ts";
import { listPlans, listPublicPlans } from "./lists.ts";
import { listPlanMembers } from "./members.ts";
import {
  addDefaultPlans,
  changePlan,
  createPlan,
  deletePlan,
  duplicatePlan,
  readPlan,
  setPlanStatus,
} from "./service.ts";

const tag = "members";

const reads = [
  // Before the plan by its id, which would take "public" for one.
  publicRoute(
    {
      operation_id: "list_public_plans",
      tag,
      method: "get",
      path: "/api/v1/makerspaces/{makerspace_id}/plans/public",
      summary: "The plans that one can join now",
      public_because: "Visitors compare plans before they have an account.",
      query: PublicPlanQuery,
      response: PublicPlanPage,
      problems: ["not_found", "invalid_cursor"],
    },
    ({ now }, { params, query }) => listPublicPlans(params.makerspace_id, query, now),
  ),
  spaceRoute(
    {
      operation_id: "list_plans",
      tag,
      method: "get",
      path: "/plans",
      summary: "Plans; to members those on offer",
      permission: "plans.read",
      query: PlanQuery,
      response: PlanPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listPlans(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_plan",
      tag,
      method: "get",
      path: "/plans/{plan_id}",
      summary: "One plan; to members those on offer, and their own",
      permission: "plans.read",
      response: PlanOrPublic,
    },
    (space, { params }) => readPlan(space, params.plan_id),
  ),
  spaceRoute(
    {
      operation_id: "list_plan_members",
      tag,
      method: "get",
      path: "/plans/{plan_id}/members",
      summary: "Who is on a plan, by the end of their period",
      permission: "memberships.list",
      query: PlanMemberQuery,
      response: PlanMemberPage,
      problems: ["invalid_cursor"],
    },
    (space, { params, query }) => listPlanMembers(space, params.plan_id, query),
  ),
];

const statusRoutes = [
  spaceRoute(
    {
      operation_id: "archive_plan",
      tag,
      method: "post",
      path: "/plans/{plan_id}/archive",
      summary: "Take a plan off offer; whoever is on it stays",
      permission: "plans.manage",
      idempotency: "optional",
      response: Plan,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => setPlanStatus(space, params.plan_id, "archived"),
  ),
  spaceRoute(
    {
      operation_id: "unarchive_plan",
      tag,
      method: "post",
      path: "/plans/{plan_id}/unarchive",
      summary: "Put a plan on offer again",
      permission: "plans.manage",
      idempotency: "optional",
      response: Plan,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => setPlanStatus(space, params.plan_id, "active"),
  ),
];

const writes = (machines: MachineCheck) => [
  spaceRoute(
    {
      operation_id: "create_plan",
      tag,
      method: "post",
      path: "/plans",
      summary: "Make a plan",
      permission: "plans.manage",
      body: PlanInput,
      idempotency: "optional",
      status: 201,
      response: Plan,
      problems: ["name_taken", "external_id_taken"],
    },
    (space, { body }) => createPlan(space, body, machines),
  ),
  spaceRoute(
    {
      operation_id: "add_default_plans",
      tag,
      method: "post",
      path: "/plans/defaults",
      summary: "Add Free, Maker and Pro where they are missing",
      description: "New makerspaces have them. Running it twice changes nothing.",
      permission: "plans.manage",
      response: DefaultPlans,
    },
    (space) => addDefaultPlans(space),
  ),
  spaceRoute(
    {
      operation_id: "update_plan",
      tag,
      method: "patch",
      path: "/plans/{plan_id}",
      summary: "Change a plan",
      description: "Whoever is on it keeps their period; a new price counts from the next one.",
      permission: "plans.manage",
      body: PlanPatch,
      if_match: "required",
      response: Plan,
      problems: ["name_taken", "external_id_taken", "plan_in_use"],
    },
    (space, { params, body, if_match }) => changePlan(space, params.plan_id, if_match, body, machines),
  ),
  spaceRoute(
    {
      operation_id: "delete_plan",
      tag,
      method: "delete",
      path: "/plans/{plan_id}",
      summary: "Put a plan away that nobody uses",
      permission: "plans.manage",
      status: 204,
      problems: ["plan_in_use"],
    },
    (space, { params }) => deletePlan(space, params.plan_id),
  ),
  spaceRoute(
    {
      operation_id: "duplicate_plan",
      tag,
      method: "post",
      path: "/plans/{plan_id}/duplicate",
      summary: "Copy a plan under another name",
      permission: "plans.manage",
      body: DuplicateInput,
      idempotency: "optional",
      status: 201,
      location: "/plans/{id}",
      response: Plan,
      problems: ["name_taken"],
    },
    (space, { params, body }) => duplicatePlan(space, params.plan_id, body.name),
  ),
  ...statusRoutes,
];

/** Routes of plans; `machines` says which machines there are. */
export const planRoutes = (machines: MachineCheck) => [...reads, ...writes(machines)];
