/** Nobody is let in, or made somebody else, while a job erases them: it would look for a person who is not there any more. */

import { eq, sql } from "drizzle-orm";
import { among } from "../../../platform/db/columns.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { erasures } from "./tables.ts";

/** Those of them whose erasure has begun. */
export async function erasingAmong(store: SpaceStore, ids: readonly string[]): Promise<Set<string>> {
  const rows = await store.db
    .select({ member_id: erasures.member_id })
    .from(erasures)
    .where(store.in(erasures, among(erasures.member_id, ids), eq(erasures.status, "running")));
  return new Set(rows.map(({ member_id }) => member_id));
}

/** Ends the batch with `illegal_transition` while one of them is being erased. */
export const notBeingErased = ({ db, makerspace_id }: SpaceStore, ids: readonly string[]): Write =>
  write(
    db.run(sql`SELECT json_extract('{}', iif(EXISTS (
      SELECT 1 FROM erasures WHERE makerspace_id = ${makerspace_id} AND status = 'running'
        AND member_id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))), 'expect:illegal_transition', '$'))`),
  );
