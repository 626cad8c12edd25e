/** What is kept of the care that a member stands in goes to the record that goes on. */

import { type SQL, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";

/** What both records have stays as the one who goes on has it. A guardian who turns out to be the minor themselves is none. */
export function moveCare({ db, makerspace_id }: SpaceStore, from: string, into: string): Write[] {
  const run = (statement: SQL): Write => write(db.run(statement));
  const here = sql`makerspace_id = ${makerspace_id}`;
  return [
    run(sql`UPDATE OR IGNORE minors SET member_id = ${into} WHERE ${here} AND member_id = ${from}`),
    run(sql`DELETE FROM minors WHERE ${here} AND member_id = ${from}`),
    run(sql`UPDATE guardians SET ended_at = coalesce(ended_at, unixepoch() * 1000)
      WHERE ${here} AND member_id IN (${from}, ${into}) AND guardian_member_id IN (${from}, ${into})`),
    run(sql`UPDATE OR IGNORE guardians SET member_id = ${into} WHERE ${here} AND member_id = ${from}`),
    run(
      sql`UPDATE OR IGNORE guardians SET guardian_member_id = ${into} WHERE ${here} AND guardian_member_id = ${from}`,
    ),
    run(sql`UPDATE OR IGNORE guardian_consents SET member_id = ${into} WHERE ${here} AND member_id = ${from}`),
    run(sql`UPDATE emergency_contacts SET member_id = ${into} WHERE ${here} AND member_id = ${from}`),
    run(sql`UPDATE member_documents SET member_id = ${into}, decided_by = nullif(decided_by, ${into})
      WHERE ${here} AND member_id = ${from}`),
  ];
}
