import type { z } from "@hono/zod-openapi";
import type { DutyGrant } from "../../../platform/access/permissions.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { members } from "../tables.ts";
import type { DirectoryEntry, Member, MemberOrEntry } from "./contract.ts";

/** A member with duties, as read together. */
export type MemberRow = typeof members.$inferSelect & { duties: DutyGrant[] };

const displayName = (row: { first_name: string; last_name: string }): string =>
  `${row.first_name} ${row.last_name}`.trim();

/** Everything: for oneself and for staff. */
export const viewMember = (row: MemberRow): z.output<typeof Member> => ({
  id: row.id,
  user_id: row.user_id,
  email: row.email,
  first_name: row.first_name,
  last_name: row.last_name,
  display_name: displayName(row),
  role: row.role,
  status: row.status,
  status_reason: row.status_reason,
  duties: row.duties.map((grant) => ({ ...grant, ends_at: toIsoOrNull(grant.ends_at) })),
  hide_name: row.hide_name,
  metadata: row.metadata as Record<string, string>,
  external_id: row.external_id,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

/** What members see of each other: never e-mail, status or notes. */
const viewEntry = (row: MemberRow): z.output<typeof DirectoryEntry> => ({
  id: row.id,
  display_name: displayName(row),
});

/** How this caller sees members: in full for staff and for oneself. */
export const viewFor = (space: Space) => {
  const all = space.scope("members.read") === "any";
  return (row: MemberRow): z.output<typeof MemberOrEntry> =>
    all || row.id === space.actor.id ? viewMember(row) : viewEntry(row);
};
