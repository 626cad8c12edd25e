import { spaceRoute } from "../../../platform/route.ts";
import {
  BillingGroup,
  BillingGroupInput,
  BillingGroupPage,
  BillingGroupPatch,
  BillingGroupQuery,
  GroupMember,
  GroupMemberInput,
  GroupMemberPage,
  GroupMemberQuery,
  HandOverInput,
} from "./contract.ts";
import { listGroupMembers, listGroups, readGroup, readGroupOf } from "./reads.ts";
import { addToGroup, createGroup, dissolveGroup, handOver, renameGroup, takeFromGroup } from "./service.ts";

const tag = "members";
const one = "/billing_groups/{group_id}";

const reads = [
  spaceRoute(
    {
      operation_id: "list_billing_groups",
      tag,
      method: "get",
      path: "/billing_groups",
      summary: "Families and companies with one payer; members see their own",
      permission: "billing_groups.read",
      query: BillingGroupQuery,
      response: BillingGroupPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listGroups(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_billing_group",
      tag,
      method: "get",
      path: one,
      summary: "One family or company",
      permission: "billing_groups.read",
      response: BillingGroup,
    },
    (space, { params }) => readGroup(space, params.group_id),
  ),
  spaceRoute(
    {
      operation_id: "get_billing_group_of_member",
      tag,
      method: "get",
      path: "/members/{member_id}/billing_group",
      summary: "The family or company of a member, or of `me`",
      permission: "billing_groups.read",
      response: BillingGroup,
    },
    (space, { params }) => readGroupOf(space, params.member_id),
  ),
  spaceRoute(
    {
      operation_id: "list_billing_group_members",
      tag,
      method: "get",
      path: `${one}/members`,
      summary: "Who is in it: everybody for staff and for the payer, oneself for the others",
      permission: "billing_groups.read",
      query: GroupMemberQuery,
      response: GroupMemberPage,
      problems: ["invalid_cursor"],
    },
    (space, { params, query }) => listGroupMembers(space, params.group_id, query),
  ),
];

const writes = [
  spaceRoute(
    {
      operation_id: "create_billing_group",
      tag,
      method: "post",
      path: "/billing_groups",
      summary: "Staff: make a family or company with its payer",
      permission: "billing_groups.manage",
      body: BillingGroupInput,
      idempotency: "optional",
      status: 201,
      response: BillingGroup,
      problems: ["unknown_reference", "in_a_group", "external_id_taken"],
    },
    (space, { body }) => createGroup(space, body),
  ),
  spaceRoute(
    {
      operation_id: "update_billing_group",
      tag,
      method: "patch",
      path: one,
      summary: "Staff: change its name and kind",
      permission: "billing_groups.manage",
      body: BillingGroupPatch,
      if_match: "optional",
      response: BillingGroup,
      problems: ["external_id_taken", "illegal_transition", "conflict"],
    },
    (space, { params, body, if_match }) => renameGroup(space, params.group_id, if_match, body),
  ),
  spaceRoute(
    {
      operation_id: "dissolve_billing_group",
      tag,
      method: "delete",
      path: one,
      summary: "Staff: end it; everybody pays for themselves from then on",
      permission: "billing_groups.manage",
      status: 204,
      problems: ["conflict"],
    },
    (space, { params }) => dissolveGroup(space, params.group_id),
  ),
  spaceRoute(
    {
      operation_id: "hand_over_billing_group",
      tag,
      method: "post",
      path: `${one}/hand_over`,
      summary: "Staff: another of its members pays from now on",
      description: "What fell due before stays with who paid then: each transaction names its payer.",
      permission: "billing_groups.manage",
      body: HandOverInput,
      response: BillingGroup,
      problems: ["unknown_reference", "not_in_group", "illegal_transition", "conflict"],
    },
    (space, { params, body }) => handOver(space, params.group_id, body.payer_member_id),
  ),
  spaceRoute(
    {
      operation_id: "add_billing_group_member",
      tag,
      method: "post",
      path: `${one}/members`,
      summary: "Staff: bring a member into it",
      permission: "billing_groups.manage",
      body: GroupMemberInput,
      idempotency: "optional",
      status: 201,
      response: GroupMember,
      problems: ["unknown_reference", "in_a_group", "illegal_transition"],
    },
    (space, { params, body }) => addToGroup(space, params.group_id, body.member_id),
  ),
  spaceRoute(
    {
      operation_id: "remove_billing_group_member",
      tag,
      method: "delete",
      path: `${one}/members/{member_id}`,
      summary: "Take a member out of it: staff and the payer anybody, the others themselves (`me`)",
      description:
        "The payer goes by handing over or dissolving it. On a plan for such groups a membership does not renew any more.",
      permission: "billing_groups.manage",
      status: 204,
      problems: ["payer_of_group", "illegal_transition"],
    },
    (space, { params }) => takeFromGroup(space, params.group_id, params.member_id),
  ),
];

/** Families and companies with one payer. */
export const billingGroupRoutes = [...reads, ...writes];
