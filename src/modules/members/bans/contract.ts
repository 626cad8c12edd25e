import { z } from "@hono/zod-openapi";
import { Id, Instant, InstantInput, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";
import { banReasons } from "./model.ts";

const terms = {
  reason_code: z.enum(banReasons),
  until: InstantInput.nullable().default(null).openapi({ description: "Without it the ban has no end." }),
};

export const BanInput = z
  .strictObject({
    member_id: Id.optional(),
    email: z
      .email()
      .max(254)
      .transform((email) => email.toLowerCase())
      .optional(),
    ...terms,
  })
  .refine(({ member_id, email }) => (member_id === undefined) !== (email === undefined), "names a member or an address")
  .openapi("BanInput", {
    description: "A member, who is removed with it, or an e-mail address. Kept are keyed hashes alone.",
  });

export const Ban = z
  .strictObject({
    ...resourceFields,
    reason_code: z.enum(banReasons),
    until: Instant.nullable(),
    created_by: z.string(),
  })
  .openapi("Ban", { description: "Of whom, nobody can tell from it." });
export const BanPage = pageOf(Ban).openapi("BanPage");

export const BanQuery = z.strictObject(pageQuery);
