import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import { displayName } from "../model.ts";
import type { BillingGroup, GroupMember } from "./contract.ts";
import type { billingGroupMembers, billingGroups } from "./tables.ts";

/** A group with what is read along with it. */
export interface GroupRow {
  group: typeof billingGroups.$inferSelect;
  /** Null when it is dissolved. */
  payer: { first_name: string; last_name: string } | null;
  member_count: number;
}

export const viewGroup = ({ group, payer, member_count }: GroupRow): z.output<typeof BillingGroup> => ({
  id: group.id,
  kind: group.kind,
  name: group.name,
  status: group.status,
  payer_member_id: group.payer_member_id,
  payer_display_name: payer && displayName(payer),
  member_count,
  dissolved_at: toIsoOrNull(group.dissolved_at),
  metadata: group.metadata as Record<string, string>,
  external_id: group.external_id,
  created_at: toIso(group.created_at),
  updated_at: toIso(group.updated_at),
  version: group.version,
});

/** A member of a group, with the name that goes along. */
export type GroupMemberRow = typeof billingGroupMembers.$inferSelect & {
  first_name: string;
  last_name: string;
  is_payer: boolean;
};

export const viewGroupMember = (row: GroupMemberRow): z.output<typeof GroupMember> => ({
  group_id: row.group_id,
  member_id: row.member_id,
  display_name: displayName(row),
  is_payer: row.is_payer,
  added_at: toIso(row.added_at),
});
