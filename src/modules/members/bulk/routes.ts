import { spaceRoute } from "../../../platform/route.ts";
import { refuseUnknownMachines } from "../duties/machines.ts";
import type { MachineCheck, MemberEffects } from "../port.ts";
import { BulkResults, MemberBulkInput } from "./contract.ts";
import { changeMany } from "./service.ts";

export const bulkRoutes = (effects: MemberEffects, machines: MachineCheck) => [
  spaceRoute(
    {
      operation_id: "change_members",
      tag: "members",
      method: "post",
      path: "/members/bulk",
      summary: "The same step for up to 500 members, with a result for each",
      description: "With `atomic` all of them or none: one refusal refuses all, and `errors` names each by its place.",
      permission: "members.manage",
      body: MemberBulkInput,
      response: BulkResults,
      problems: [
        "bulk_refused",
        "unknown_reference",
        "conflict",
        "illegal_transition",
        "last_administrator",
        "payer_of_group",
      ],
    },
    async (space, { body }) => {
      if (body.do.operation === "grant_duty")
        await refuseUnknownMachines(space, [body.do], machines, () => "/do/equipment_ids");
      return changeMany(space, body, effects);
    },
  ),
];
