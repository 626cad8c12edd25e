import { spaceRoute } from "../../../platform/route.ts";
import { refuseUnknownMachines } from "../duties/machines.ts";
import type { MachineCheck, MemberEffects } from "../port.ts";
import {
  Member,
  MemberInput,
  MemberOrEntry,
  MemberPage,
  MemberPatch,
  MemberQuery,
  OwnPatch,
  SuspendInput,
} from "./contract.ts";
import { listMembers } from "./lists.ts";
import { addMember, changeMember, readMember, readOneself } from "./service.ts";
import { leave, reactivateMember, removeMember, suspendMember } from "./standing.ts";

const tag = "members";

const addRoute = (machines: MachineCheck) =>
  spaceRoute(
    {
      operation_id: "add_member",
      tag,
      method: "post",
      path: "/members",
      summary: "Add a member with a role and duties",
      permission: "members.manage",
      body: MemberInput,
      idempotency: "optional",
      status: 201,
      response: Member,
      problems: [
        "grant_exceeds_own",
        "banned",
        "unknown_reference",
        "email_taken",
        "already_member",
        "external_id_taken",
      ],
    },
    async (space, { body }) => {
      await refuseUnknownMachines(space, body.duties, machines);
      return addMember(space, body);
    },
  );

const peopleRoutes = [
  spaceRoute(
    {
      operation_id: "list_members",
      tag,
      method: "get",
      path: "/members",
      summary: "Members; directory entries for those without staff permission",
      permission: "members.read",
      query: MemberQuery,
      response: MemberPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listMembers(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_own_member",
      tag,
      method: "get",
      path: "/members/me",
      summary: "Oneself as a member",
      permission: "members.self",
      response: Member,
    },
    (space) => readOneself(space),
  ),
  spaceRoute(
    {
      operation_id: "update_own_member",
      tag,
      method: "patch",
      path: "/members/me",
      summary: "Change what one says of oneself",
      description: "A machine learns a changed wish not to be named with the member's next booking there.",
      permission: "members.self",
      body: OwnPatch,
      if_match: "optional",
      response: Member,
      problems: ["illegal_transition", "stale_version", "conflict"],
    },
    (space, { body, if_match }) => changeMember(space, space.member.id, if_match, body),
  ),
  spaceRoute(
    {
      operation_id: "get_member",
      tag,
      method: "get",
      path: "/members/{member_id}",
      summary: "One member",
      permission: "members.read",
      response: MemberOrEntry,
    },
    (space, { params }) => readMember(space, params.member_id),
  ),
  spaceRoute(
    {
      operation_id: "update_member",
      tag,
      method: "patch",
      path: "/members/{member_id}",
      summary: "Change a member, or what one says of oneself",
      description: "Machines show a changed name, or none, within seconds.",
      permission: "members.read",
      body: MemberPatch,
      if_match: "optional",
      response: Member,
      problems: [
        "external_id_taken",
        "email_taken",
        "email_linked",
        "banned",
        "grant_exceeds_own",
        "illegal_transition",
        "stale_version",
        "conflict",
      ],
    },
    (space, { params, body, if_match }) => changeMember(space, params.member_id, if_match, body),
  ),
];

/** Who may still come in: with effects outside this module. */
const standingRoutes = (effects: MemberEffects) => [
  spaceRoute(
    {
      operation_id: "leave_makerspace",
      tag,
      method: "delete",
      path: "/members/me",
      summary: "Leave the makerspace: future bookings are cancelled",
      permission: "members.self",
      status: 204,
      problems: ["illegal_transition", "last_administrator", "payer_of_group", "conflict"],
    },
    (space) => leave(space, effects),
  ),
  spaceRoute(
    {
      operation_id: "suspend_member",
      tag,
      method: "post",
      path: "/members/{member_id}/suspend",
      summary: "Suspend: their next request is refused, sockets close",
      description:
        "`access.cancel_bookings_on_suspension` says whether their future bookings are cancelled or kept, `access.running_session_on_suspension` whether a running session goes on or ends. Staff are told, and the machine is not cut.",
      permission: "members.manage",
      body: SuspendInput,
      idempotency: "optional",
      response: Member,
      problems: ["illegal_transition", "last_administrator", "conflict"],
    },
    (space, { params, body }) => suspendMember(space, params.member_id, body.reason, effects),
  ),
  spaceRoute(
    {
      operation_id: "reactivate_member",
      tag,
      method: "post",
      path: "/members/{member_id}/reactivate",
      summary: "Let a suspended or removed member back in",
      permission: "members.manage",
      idempotency: "optional",
      response: Member,
      problems: ["banned", "illegal_transition", "conflict"],
    },
    (space, { params }) => reactivateMember(space, params.member_id),
  ),
  spaceRoute(
    {
      operation_id: "remove_member",
      tag,
      method: "delete",
      path: "/members/{member_id}",
      summary: "Remove a member: they are a stranger from their next request on; what they did stays",
      permission: "members.manage",
      status: 204,
      problems: ["illegal_transition", "last_administrator", "payer_of_group", "conflict"],
    },
    (space, { params }) => removeMember(space, params.member_id, effects),
  ),
];

export const memberRoutes = (effects: MemberEffects, machines: MachineCheck) => [
  addRoute(machines),
  ...peopleRoutes,
  ...standingRoutes(effects),
];
