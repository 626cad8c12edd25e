import { z } from "@hono/zod-openapi";
import { membershipStatuses } from "../../../platform/access/membership.ts";
import { duties, memberRoles } from "../../../platform/access/permissions.ts";
import {
  anyOf,
  ExternalId,
  Id,
  Instant,
  InstantInput,
  line,
  Metadata,
  pageOf,
  pageQuery,
  resourceFields,
} from "../../../platform/contract.ts";

const equipmentIds = z.array(Id).min(1).max(200).nullable();

const DutyInput = z
  .strictObject({
    duty: z.enum(duties),
    equipment_ids: equipmentIds.default(null).openapi({ description: "Only for these machines; null for all." }),
    ends_at: InstantInput.nullable().default(null),
  })
  .openapi("DutyInput");

export const MemberInput = z
  .strictObject({
    user_id: z.string().min(1).max(240).optional().openapi({
      description:
        "As in GET /api/v1/me. Without it the first sign-in with this verified e-mail address becomes the member.",
    }),
    email: z
      .email()
      .max(254)
      .transform((email) => email.toLowerCase()),
    first_name: line(120),
    last_name: z.string().trim().max(120),
    role: z.enum(memberRoles),
    duties: z
      .array(DutyInput)
      .max(duties.length)
      .refine((list) => new Set(list.map((item) => item.duty)).size === list.length, "names a duty twice")
      .default([]),
    hide_name: z.boolean().default(false).openapi({ description: "Do not name this member on tablets." }),
    metadata: Metadata.default({}),
    external_id: ExternalId.nullable().default(null),
  })
  .openapi("MemberInput");

const { first_name, last_name, hide_name, metadata, external_id } = MemberInput.shape;

export const MemberPatch = z
  .strictObject({
    first_name,
    last_name,
    hide_name: hide_name.unwrap(),
    metadata: metadata.unwrap(),
    external_id: external_id.unwrap(),
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, "changes nothing")
  .openapi("MemberPatch", { description: "Oneself: `hide_name` alone. With members.manage: all of it." });

export const Member = z
  .strictObject({
    ...resourceFields,
    user_id: z.string().nullable(),
    email: z.string(),
    first_name: z.string(),
    last_name: z.string(),
    display_name: z.string(),
    role: z.enum(memberRoles),
    status: z.enum(membershipStatuses),
    status_reason: z.string().nullable(),
    duties: z.array(z.strictObject({ duty: z.enum(duties), equipment_ids: equipmentIds, ends_at: Instant.nullable() })),
    hide_name: z.boolean(),
    metadata: Metadata,
    external_id: z.string().nullable(),
  })
  .openapi("Member");

export const DirectoryEntry = z
  .strictObject({ id: Id, display_name: z.string() })
  .openapi("DirectoryEntry", { description: "What members see of each other." });

export const MemberOrEntry = z.union([Member, DirectoryEntry]).openapi("MemberOrEntry");
export const MemberPage = pageOf(MemberOrEntry).openapi("MemberPage");

export const MemberQuery = z.strictObject({
  ...pageQuery,
  role: anyOf(z.enum(memberRoles)),
  status: anyOf(z.enum(membershipStatuses)),
  external_id: z.string().max(200).optional(),
});

export const SuspendInput = z.strictObject({ reason: line(500) }).openapi("SuspendInput");
