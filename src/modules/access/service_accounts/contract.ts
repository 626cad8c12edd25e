import { z } from "@hono/zod-openapi";
import { tokenPermissions } from "../../../platform/access/api-tokens.ts";
import { memberRoles } from "../../../platform/access/permissions.ts";
import { Instant, line, pageOf, pageQuery, prose, resourceFields } from "../../../platform/contract.ts";
import { Permissions } from "../api_tokens/contract.ts";

const exactlyOne = (input: { role?: unknown; permissions?: unknown }): boolean =>
  (input.role === undefined) !== (input.permissions === undefined);

const name = line(120).openapi({ example: "Door controller" });
const role = z.enum(memberRoles);

export const ServiceAccountInput = z
  .strictObject({
    name,
    description: prose(1_000).optional(),
    role: role.optional(),
    permissions: Permissions.optional().openapi({ description: "Each for everything of the makerspace." }),
  })
  .refine(exactlyOne, "needs either a role or permissions")
  .openapi("ServiceAccountInput");

export const ServiceAccountPatch = z
  .strictObject({
    name: name.optional(),
    description: prose(1_000).optional(),
    role: role.optional(),
    permissions: Permissions.optional(),
  })
  .refine(
    (input) => input.role === undefined || input.permissions === undefined,
    "takes a role or permissions, not both",
  )
  .openapi("ServiceAccountPatch");

export const ServiceAccount = z
  .strictObject({
    ...resourceFields,
    name: z.string(),
    description: z.string().nullable(),
    role: role.nullable(),
    permissions: z.array(z.enum(tokenPermissions)).openapi({ description: "Empty with a role." }),
    status: z.enum(["active", "disabled"]),
    disabled_at: Instant.nullable(),
  })
  .openapi("ServiceAccount");

export const ServiceAccountPage = pageOf(ServiceAccount).openapi("ServiceAccountPage");
export const ServiceAccountQuery = z.strictObject(pageQuery);
