/** What lies beside a member's row: labels. */

import { eq, sql } from "drizzle-orm";
import { among } from "../../../platform/db/columns.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { memberTags } from "../tables.ts";

/** Writes that make a member's labels these and no others; after the member's own row, whose status they take. */
export function tagWrites(store: SpaceStore, member_id: string, tags: readonly string[]): Write[] {
  const insert = sql`
    INSERT INTO member_tags (makerspace_id, tag, status, member_id)
    SELECT m.makerspace_id, tag.value, m.status, m.id FROM members m, json_each(${JSON.stringify(tags)}) tag
    WHERE m.makerspace_id = ${store.makerspace_id} AND m.id = ${member_id}`;
  return [
    write(store.db.delete(memberTags).where(store.in(memberTags, eq(memberTags.member_id, member_id)))),
    ...(tags.length > 0 ? [write(store.db.run(insert))] : []),
  ];
}

/** Gives members a label that they have not; after their own rows. */
export const tagWrite = (store: SpaceStore, member_ids: readonly string[], tag: string): Write =>
  write(
    store.db.run(sql`
      INSERT INTO member_tags (makerspace_id, tag, status, member_id)
      SELECT m.makerspace_id, ${tag}, m.status, m.id FROM json_each(${JSON.stringify(member_ids)}) one
      CROSS JOIN members m ON m.makerspace_id = ${store.makerspace_id} AND m.id = one.value`),
  );

/** Takes a label from members. */
export const untagWrite = (store: SpaceStore, member_ids: readonly string[], tag: string): Write =>
  write(
    store.db
      .delete(memberTags)
      .where(store.in(memberTags, among(memberTags.member_id, member_ids), eq(memberTags.tag, tag))),
  );
