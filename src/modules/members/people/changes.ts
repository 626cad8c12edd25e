/** A change of members that is decided and not written yet: one of them by its own route, many by the bulk, by the same statements. */

import { sql } from "drizzle-orm";
import type { CommitEntry, Write } from "../../../platform/db/commit.ts";
import { write } from "../../../platform/db/commit.ts";
import { updateAll } from "../../../platform/db/update-all.ts";
import type { EventDraft } from "../../../platform/events.ts";
import type { Space } from "../../../platform/space.ts";
import { members } from "../tables.ts";
import type { MemberRow } from "./view.ts";

/** What becomes of one member. */
export interface Change {
  before: MemberRow;
  /** What their own row gets, beside time and version. */
  set: Partial<typeof members.$inferSelect>;
  /** "member.suspended" */
  action: string;
  /** For the audit: no personal data. */
  told: { before?: unknown; after?: unknown };
  events?: readonly EventDraft[];
}

/** The member's row as the change leaves it. */
export const changed = (space: Space, { before, set }: Change): MemberRow => ({
  ...before,
  ...set,
  updated_at: space.now,
  version: before.version + 1,
});

/** What a commit says of the change. */
export const entryOf = ({ before, action, told, events = [] }: Change): CommitEntry => ({
  action,
  subject: { type: "member", id: before.id, version: before.version + 1 },
  ...told,
  events,
});

/** True for an administrator who counts: one is always left. */
export const isAdministrator = (row: Pick<MemberRow, "role" | "status">): boolean =>
  row.role === "makerspace_admin" && row.status === "active";

/** True when the makerspace has an administrator less afterwards. */
export const losesAdministrator = ({ before, set }: Change): boolean =>
  isAdministrator(before) && !isAdministrator({ ...before, ...set });

/** Ends the batch with `last_administrator` when nobody is left who is active and able to sign in. After what takes one away. */
export const administratorStays = (space: Space): Write =>
  write(
    space.db.run(sql`SELECT json_extract('{}', iif(EXISTS (
      SELECT 1 FROM members WHERE makerspace_id = ${space.id} AND role = 'makerspace_admin' AND status = 'active'
        AND user_id IS NOT NULL), '$', 'expect:last_administrator'))`),
  );

/** Writes the rows, each at the version that was read; an administrator is left. */
export const changeWrites = (space: Space, changes: readonly Change[]): Write[] =>
  changes.length === 0
    ? []
    : [
        updateAll(
          space.store,
          members,
          changes.map(({ before, set }) => ({ id: before.id, version: before.version, set })),
          space.now,
        ),
        ...(changes.some(losesAdministrator) ? [administratorStays(space)] : []),
      ];
