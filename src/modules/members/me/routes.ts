import { z } from "@hono/zod-openapi";
import { membershipStatuses } from "../../../platform/access/membership.ts";
import { memberRoles } from "../../../platform/access/permissions.ts";
import { Id } from "../../../platform/contract.ts";
import { platformRoute } from "../../../platform/route.ts";
import { readMe } from "./service.ts";

export const Me = z
  .strictObject({
    user_id: z.string().openapi({ description: "Give it to an administrator to be added as a member." }),
    email: z.string().nullable(),
    name: z.string().nullable(),
    super_admin: z.boolean(),
    memberships: z.array(
      z.strictObject({
        makerspace_id: Id,
        member_id: Id,
        role: z.enum(memberRoles),
        status: z.enum(membershipStatuses),
      }),
    ),
  })
  .openapi("Me");

export const meRoutes = [
  platformRoute(
    {
      operation_id: "get_me",
      tag: "members",
      method: "get",
      path: "/api/v1/me",
      summary: "Who you are, and where you belong",
      allow: { signed_in: "It is about oneself." },
      response: Me,
    },
    (caller) => readMe(caller),
  ),
];
