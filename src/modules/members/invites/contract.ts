import { z } from "@hono/zod-openapi";
import { memberRoles } from "../../../platform/access/permissions.ts";
import { anyOf, Id, Instant, line, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";
import { Member, MemberInput } from "../people/contract.ts";
import { inviteStatuses } from "./model.ts";

export const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase());

export const InviteInput = z
  .strictObject({
    email: Email,
    role: z.enum(memberRoles),
    plan_id: Id.nullable().default(null).openapi({ description: "The plan that is joined by accepting." }),
    duties: MemberInput.shape.duties,
    message: z.string().trim().min(1).max(2_000).nullable().default(null).openapi({
      description: "Words of your own in the mail.",
    }),
    first_name: line(120).nullable().default(null),
    last_name: z.string().trim().max(120).nullable().default(null),
  })
  .openapi("InviteInput");

export const InviteImportInput = z
  .strictObject({
    csv: z.string().min(1).max(300_000).openapi({
      description:
        "First line: names of columns, `email` and any of `role` (user unless told), `first_name`, `last_name`, `plan_id`, `duties` (several by spaces), `message`. Up to 500 rows.",
      example: "email,role,first_name\nada@example.org,user,Ada\n",
    }),
    dry_run: z.boolean().default(false).openapi({ description: "Judge every row, invite nobody." }),
  })
  .openapi("InviteImportInput");

export const InvitePatch = z.strictObject({ email: Email }).openapi("InvitePatch");

export const Invite = z
  .strictObject({
    ...resourceFields,
    email: z.string(),
    role: z.enum(memberRoles),
    plan_id: z.string().nullable(),
    duties: Member.shape.duties,
    message: z.string().nullable(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    status: z.enum(inviteStatuses),
    expires_at: Instant,
    invited_by: z.string().openapi({
      description:
        "Who sent it last: a member, a service account, or a user of the platform. It works while they may give what it gives.",
    }),
    mailed_at: Instant.nullable().openapi({ description: "When the mail last went out." }),
    reminded_at: Instant.nullable(),
    accepted_at: Instant.nullable(),
    member_id: z.string().nullable().openapi({ description: "Who accepted." }),
    plan_problem: z.string().nullable().openapi({
      description: "Why the plan could not be joined when the invite was accepted; the person is a member without it.",
      example: "plan_full",
    }),
  })
  .openapi("Invite", { description: "Never with its token: that is in the mail alone." });
export const InvitePage = pageOf(Invite).openapi("InvitePage");

export const InviteQuery = z.strictObject({
  ...pageQuery,
  status: anyOf(z.enum(inviteStatuses)),
  email: Email.optional(),
});

const token = z.string().min(20).max(200).openapi({ description: "Out of the link in the mail." });

export const TokenInput = z.strictObject({ token }).openapi("InviteToken");

export const InvitePreview = z
  .strictObject({
    makerspace: z.strictObject({ id: Id, name: z.string(), slug: z.string() }),
    role: z.enum(memberRoles),
    invited_by: z.string().nullable().openapi({ description: "Who invites, by name." }),
    expires_at: Instant,
  })
  .openapi("InvitePreview");
