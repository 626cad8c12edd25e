import { spaceRoute } from "../../../platform/route.ts";
import { Member } from "../people/contract.ts";
import type { MachineCheck, MemberEffects } from "../port.ts";
import { DutyReach, RoleInput } from "./contract.ts";
import { refuseUnknownMachines } from "./machines.ts";
import { changeRole, grantDuty, revokeDuty } from "./service.ts";

const tag = "members";
const permission = "members.manage";

export const dutyRoutes = (effects: MemberEffects, machines: MachineCheck) => [
  spaceRoute(
    {
      operation_id: "change_role",
      tag,
      method: "post",
      path: "/members/{member_id}/role",
      summary: "Give a member another role; it counts from their next request on, and their sockets close",
      permission,
      body: RoleInput,
      idempotency: "optional",
      response: Member,
      problems: ["grant_exceeds_own", "last_administrator", "illegal_transition", "conflict"],
    },
    (space, { params, body }) => changeRole(space, params.member_id, body.role, effects),
  ),
  spaceRoute(
    {
      operation_id: "grant_duty",
      tag,
      method: "put",
      path: "/members/{member_id}/duties/{duty}",
      summary: "Grant a duty, for some machines or all, until a moment or for good",
      description: "A duty that they have already gets the new reach and end.",
      permission,
      body: DutyReach,
      response: Member,
      problems: ["grant_exceeds_own", "unknown_reference", "illegal_transition", "conflict"],
    },
    async (space, { params, body }) => {
      await refuseUnknownMachines(space, [body], machines, () => "/equipment_ids");
      return grantDuty(space, params.member_id, params.duty, body, effects);
    },
  ),
  spaceRoute(
    {
      operation_id: "revoke_duty",
      tag,
      method: "delete",
      path: "/members/{member_id}/duties/{duty}",
      summary: "Take a duty back",
      permission,
      status: 204,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => revokeDuty(space, params.member_id, params.duty, effects),
  ),
];
