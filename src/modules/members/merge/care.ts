/** What is kept of the care that a member stands in goes to the record that goes on. */

import { type SQL, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";

/** What both records have stays as the one who goes on has it. A guardian who turns out to be the minor themselves is none. */
export function moveCare({ db, makerspace_id }: SpaceStore, from: string, into: string): Write[] {
  const run = (statement: SQL): Write => write(db.run(statement));
  const here = sql`makerspace_id = ${makerspace_id}`;
  // Guardianships that become the same: the one of the record that goes, and the one that stays.
  const twins = sql`(
    SELECT gone.id, gone.member_id, kept.id AS kept_id FROM guardians gone
    JOIN guardians kept ON kept.makerspace_id = gone.makerspace_id AND kept.ended_at IS NULL AND (
      (gone.member_id = ${from} AND kept.member_id = ${into} AND kept.guardian_member_id = gone.guardian_member_id)
      OR (gone.guardian_member_id = ${from} AND kept.guardian_member_id = ${into} AND kept.member_id = gone.member_id))
    WHERE gone.makerspace_id = ${makerspace_id} AND gone.ended_at IS NULL
      AND (gone.member_id = ${from} OR gone.guardian_member_id = ${from}))`;
  return [
    run(sql`UPDATE OR IGNORE minors SET member_id = ${into} WHERE ${here} AND member_id = ${from}`),
    run(sql`DELETE FROM minors WHERE ${here} AND member_id = ${from}`),
    run(sql`UPDATE guardians SET ended_at = coalesce(ended_at, unixepoch() * 1000)
      WHERE ${here} AND member_id IN (${from}, ${into}) AND guardian_member_id IN (${from}, ${into})`),
    // What was consented to under either counts, and ends, with the one that stays.
    run(sql`UPDATE guardian_consents SET guardian_id = twin.kept_id FROM ${twins} AS twin
      WHERE guardian_consents.makerspace_id = ${makerspace_id} AND guardian_consents.member_id = twin.member_id
        AND guardian_consents.guardian_id = twin.id`),
    run(sql`UPDATE guardians SET ended_at = unixepoch() * 1000
      WHERE ${here} AND id IN (SELECT twin.id FROM ${twins} AS twin)`),
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
