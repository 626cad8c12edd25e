import { z } from "@hono/zod-openapi";
import {
  anyOf,
  ExternalId,
  Id,
  Instant,
  line,
  Metadata,
  pageOf,
  pageQuery,
  resourceFields,
} from "../../../platform/contract.ts";
import { groupKinds, groupStatuses } from "./model.ts";

const kind = z.enum(groupKinds);
const name = line(120).openapi({ example: "Okri & Sons" });

export const BillingGroupInput = z
  .strictObject({
    kind,
    name,
    payer_member_id: Id.openapi({ description: "Pays for all of them; is one of them from the beginning." }),
    metadata: Metadata.default({}),
    external_id: ExternalId.nullable().default(null),
  })
  .openapi("BillingGroupInput");

export const BillingGroupPatch = z
  .strictObject({ kind, name, metadata: Metadata, external_id: ExternalId.nullable() })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, "changes nothing")
  .openapi("BillingGroupPatch");

export const BillingGroup = z
  .strictObject({
    ...resourceFields,
    kind,
    name: z.string().openapi({ description: "A dissolved group keeps none: its kind stands for it." }),
    status: z.enum(groupStatuses),
    payer_member_id: Id.nullable().openapi({ description: "Null when the group is dissolved." }),
    payer_display_name: z.string().nullable(),
    member_count: z.int(),
    dissolved_at: Instant.nullable(),
    metadata: Metadata,
    external_id: z.string().nullable(),
  })
  .openapi("BillingGroup", {
    description: "A family or a company: members for whom one of them pays. A member is in one group at most.",
  });
export const BillingGroupPage = pageOf(BillingGroup).openapi("BillingGroupPage");

export const BillingGroupQuery = z.strictObject({
  ...pageQuery,
  kind: anyOf(kind),
  status: anyOf(z.enum(groupStatuses)).openapi({ description: "Active ones unless told." }),
  payer_member_id: z.string().max(80).optional().openapi({ description: "A member, or `me`." }),
  external_id: z.string().max(200).optional(),
});

export const GroupMemberInput = z.strictObject({ member_id: Id }).openapi("GroupMemberInput");
export const HandOverInput = z.strictObject({ payer_member_id: Id }).openapi("HandOverInput");

export const GroupMember = z
  .strictObject({
    group_id: Id,
    member_id: Id,
    display_name: z.string(),
    is_payer: z.boolean(),
    added_at: Instant,
  })
  .openapi("GroupMember");
export const GroupMemberPage = pageOf(GroupMember).openapi("GroupMemberPage");
export const GroupMemberQuery = z.strictObject(pageQuery);
