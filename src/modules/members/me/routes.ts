import { z } from "@hono/zod-openapi";
import { tokenPermissions } from "../../../platform/access/api-tokens.ts";
import { membershipStatuses } from "../../../platform/access/membership.ts";
import { memberRoles } from "../../../platform/access/permissions.ts";
import { Id, Instant } from "../../../platform/contract.ts";
import { platformRoute } from "../../../platform/route.ts";
import { readMe, readTokenMe } from "./service.ts";

export const Me = z
  .strictObject({
    user_id: z.string().openapi({ description: "Give it to an administrator to be added as a member." }),
    email: z.string().nullable(),
    name: z.string().nullable(),
    super_admin: z.boolean(),
    api_token: z
      .strictObject({
        id: Id,
        name: z.string(),
        makerspace_id: Id,
        permissions: z.array(z.enum(tokenPermissions)),
        expires_at: Instant,
        member_id: Id.nullable(),
        service_account: z.strictObject({ id: Id, name: z.string() }).nullable(),
      })
      .optional()
      .openapi({ description: "Only when an API token asks: what it is, and whom it acts as." }),
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
      for_tokens: readTokenMe,
      response: Me,
    },
    (caller) => readMe(caller),
  ),
];
