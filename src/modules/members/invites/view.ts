import type { z } from "@hono/zod-openapi";
import type { DutyGrant } from "../../../platform/access/permissions.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { Invite } from "./contract.ts";
import type { invites } from "./tables.ts";

export type InviteRow = typeof invites.$inferSelect;

/** The duties of an invite. */
export const dutiesOf = (row: InviteRow): DutyGrant[] => row.duties as DutyGrant[];

/** Everything but the digests. */
export const viewInvite = (row: InviteRow): z.output<typeof Invite> => ({
  id: row.id,
  email: row.email,
  role: row.role,
  plan_id: row.plan_id,
  duties: dutiesOf(row).map((grant) => ({ ...grant, ends_at: toIsoOrNull(grant.ends_at) })),
  message: row.message,
  first_name: row.first_name,
  last_name: row.last_name,
  status: row.status,
  expires_at: toIso(row.expires_at),
  invited_by: row.invited_by,
  mailed_at: toIsoOrNull(row.mailed_at),
  reminded_at: toIsoOrNull(row.reminded_at),
  accepted_at: toIsoOrNull(row.accepted_at),
  member_id: row.member_id,
  plan_problem: row.plan_problem,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
