/** What lies beside a member's row: duties, labels, and the terms a search finds them by. */

import { eq, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { termsOf } from "../model.ts";
import { memberTags, memberTerms } from "../tables.ts";

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

/** Writes that make a member found by these names and this address; after the member's own row. Whoever writes one of them runs these. */
export function termWrites(
  store: SpaceStore,
  member: { id: string; first_name: string; last_name: string; email: string },
): Write[] {
  const insert = sql`
    INSERT INTO member_terms (makerspace_id, kind, status, term, member_id)
    SELECT m.makerspace_id, term.value ->> 'kind', m.status, term.value ->> 'term', m.id
    FROM members m, json_each(${JSON.stringify(termsOf(member))}) term
    WHERE m.makerspace_id = ${store.makerspace_id} AND m.id = ${member.id}`;
  return [
    write(store.db.delete(memberTerms).where(store.in(memberTerms, eq(memberTerms.member_id, member.id)))),
    write(store.db.run(insert)),
  ];
}
