import { z } from "@hono/zod-openapi";
import { memberRoles } from "../../../platform/access/permissions.ts";
import { membershipStatuses } from "../../../platform/access/statuses.ts";
import { Id } from "../../../platform/contract.ts";
import { spaceRoute } from "../../../platform/route.ts";
import { memberStatistics } from "./service.ts";

const count = z.int().min(0);

const MemberStatistics = z
  .strictObject({
    by_status: z.strictObject(Object.fromEntries(membershipStatuses.map((name) => [name, count]))),
    by_role: z
      .strictObject(Object.fromEntries(memberRoles.map((name) => [name, count])))
      .openapi({ description: "Of active members." }),
    by_plan: z.array(z.strictObject({ plan_id: Id, name: z.string(), members: count })),
    new_this_month: count.openapi({ description: "Joined since the first of this month on the makerspace's clock." }),
    expiring: count.openapi({ description: "Memberships that end within 30 days and do not renew themselves." }),
  })
  .openapi("MemberStatistics");

export const statisticsRoutes = [
  spaceRoute(
    {
      operation_id: "get_member_statistics",
      tag: "members",
      method: "get",
      path: "/members/statistics",
      summary: "How many members there are, of which kind, who is new and whose membership ends",
      permission: "members.manage",
      response: MemberStatistics,
    },
    (space) => memberStatistics(space),
  ),
];
