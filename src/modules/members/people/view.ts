import type { z } from "@hono/zod-openapi";
import type { DutyGrant } from "../../../platform/access/permissions.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import { isMinor } from "../minors/guardianship.ts";
import { displayName } from "../model.ts";
import type { members } from "../tables.ts";
import type { DirectoryEntry, Member, MemberOrEntry } from "./contract.ts";

/** What is read together with a member's row. */
interface Beside {
  duties: DutyGrant[];
  tags: string[];
  /** Of minors alone; nobody is shown more of it than whether they are one. */
  birth_date: string | null;
}

/** A member with what lies beside their row. */
export type MemberRow = typeof members.$inferSelect & Beside;

/** The columns of a member's own row. */
export const columnsOf = <T extends Partial<Beside>>({ duties: _, tags: __, birth_date: ___, ...columns }: T) =>
  columns;

/** Zero stands for "not yet" in the columns that lists are sorted by. */
const toIsoOrNever = (ms: number): string | null => (ms === 0 ? null : toIso(ms));

/** Everything that one may know of oneself. */
export const viewOneself = (row: MemberRow): z.output<typeof Member> => ({
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
  phone: row.phone,
  bio: row.bio,
  profile_image_url: row.profile_image_url,
  public_skills: row.public_skills as string[],
  locale: row.locale,
  timezone: row.timezone,
  joined_at: toIsoOrNever(row.joined_at),
  last_seen_at: toIsoOrNever(row.last_seen_at),
  suspended_at: toIsoOrNull(row.suspended_at),
  left_at: toIsoOrNull(row.left_at),
  ...(row.merged_into !== null && { merged_into: row.merged_into }),
  ...(row.erased_at !== null && { erased_at: toIso(row.erased_at) }),
  metadata: row.metadata as Record<string, string>,
  external_id: row.external_id,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

/** Everything, for staff. */
export const viewMember = (row: MemberRow): z.output<typeof Member> => ({
  ...viewOneself(row),
  tags: row.tags,
  notes: row.notes,
  suspended_by: row.suspended_by,
});

/** What members see of each other: never e-mail, telephone, status or notes. */
const viewEntry = (row: MemberRow): z.output<typeof DirectoryEntry> => ({
  id: row.id,
  display_name: displayName(row),
  public_skills: row.public_skills as string[],
});

/** How this caller sees a member in full: staff with what staff note, others themselves alone. */
export const viewInFull = (space: Space, row: MemberRow): z.output<typeof Member> => ({
  ...(space.scope("members.read") === "any" ? viewMember(row) : viewOneself(row)),
  is_minor: row.birth_date !== null && isMinor(space, row.birth_date),
});

/** How this caller sees members: in full for staff and for oneself. */
export const viewFor =
  (space: Space) =>
  (row: MemberRow): z.output<typeof MemberOrEntry> =>
    space.scope("members.read") === "any" || row.id === space.actor.id ? viewInFull(space, row) : viewEntry(row);
