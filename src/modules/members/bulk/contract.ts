import { z } from "@hono/zod-openapi";
import { duties, memberRoles } from "../../../platform/access/permissions.ts";
import { Id, line } from "../../../platform/contract.ts";
import { dutyReach } from "../duties/contract.ts";

const duty = z.enum(duties);
const reason = line(500);
const tag = line(40);

/** What is done to each of them, with what it needs. */
const MemberOperation = z.discriminatedUnion("operation", [
  z.strictObject({ operation: z.literal("suspend"), reason }),
  z.strictObject({ operation: z.literal("reactivate") }),
  z.strictObject({ operation: z.literal("remove") }),
  z.strictObject({ operation: z.literal("approve") }),
  z.strictObject({ operation: z.literal("decline"), reason }),
  z.strictObject({ operation: z.literal("add_tag"), tag }),
  z.strictObject({ operation: z.literal("remove_tag"), tag }),
  z.strictObject({ operation: z.literal("grant_duty"), duty, ...dutyReach }),
  z.strictObject({ operation: z.literal("revoke_duty"), duty }),
  z.strictObject({ operation: z.literal("change_role"), role: z.enum(memberRoles) }),
]);

export const MemberBulkInput = z
  .strictObject({
    member_ids: z
      .array(Id)
      .min(1)
      .max(500)
      .refine((ids) => new Set(ids).size === ids.length, "names a member twice"),
    do: MemberOperation,
    atomic: z.boolean().default(false).openapi({ description: "All of them or none." }),
  })
  .openapi("MemberBulkInput");
export type MemberOperation = z.output<typeof MemberOperation>;

export const BulkResults = z
  .strictObject({
    results: z.array(
      z.strictObject({
        id: Id,
        ok: z.boolean(),
        problem: z.strictObject({ code: z.string(), detail: z.string() }).optional(),
      }),
    ),
  })
  .openapi("BulkResults", { description: "One per id, in the order asked." });
