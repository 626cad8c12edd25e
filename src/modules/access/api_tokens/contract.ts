import { z } from "@hono/zod-openapi";
import { tokenPermissions } from "../../../platform/access/api-tokens.ts";
import { Id, Instant, InstantInput, line, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";

/** What a token carries: at least one permission, each once. */
export const Permissions = z
  .array(z.enum(tokenPermissions))
  .min(1)
  .refine((names) => new Set(names).size === names.length, "names a permission twice")
  .openapi({ example: ["equipment.read", "reservations.read"] });

export const ApiTokenInput = z
  .strictObject({
    name: line(120).openapi({ example: "Dashboard in the hall" }),
    permissions: Permissions,
    expires_at: InstantInput.openapi({ description: "In the future, at most two years ahead." }),
    service_account_id: Id.optional().openapi({ description: "For a service account; left out, it is your own." }),
  })
  .openapi("ApiTokenInput");

const tokenFields = {
  ...resourceFields,
  name: z.string(),
  member_id: Id.nullable().openapi({ description: "Whom it acts as." }),
  service_account_id: Id.nullable(),
  permissions: z.array(z.enum(tokenPermissions)).openapi({
    description: "What it carries. It may that part of it which its owner may at the time.",
  }),
  status: z.enum(["active", "expired", "revoked"]),
  last4: z.string().openapi({ description: "The end of the token, to tell it from others." }),
  expires_at: Instant,
  last_used_at: Instant.nullable().openapi({ description: "To within ten minutes." }),
  revoked_at: Instant.nullable(),
};

export const ApiToken = z.strictObject(tokenFields).openapi("ApiToken");
export const ApiTokenPage = pageOf(ApiToken).openapi("ApiTokenPage");

export const NewApiToken = z
  .strictObject({
    ...tokenFields,
    token: z.string().openapi({
      description:
        "The bearer token, shown this once: `mck_`, 43 characters of secret and six of CRC-32 checksum, all base62 (`mck_[0-9A-Za-z]{49}`).",
    }),
  })
  .openapi("NewApiToken");

export const ApiTokenQuery = z
  .strictObject({ ...pageQuery, member_id: Id.optional(), service_account_id: Id.optional() })
  .refine((query) => !(query.member_id && query.service_account_id), "a token has one owner");
