/** The inbox of a member who becomes one with another. */

import { sql } from "drizzle-orm";
import { write } from "../../platform/db/commit.ts";
import type { MemberMove } from "../members/index.ts";

/** Messages come over, each event once; preferences stay with whoever has some. */
export const moveInbox: MemberMove = ({ db, makerspace_id }, from, into) => [
  write(
    db.run(
      sql`UPDATE OR IGNORE notifications SET member_id = ${into} WHERE makerspace_id = ${makerspace_id} AND member_id = ${from}`,
    ),
  ),
  write(
    db.run(
      sql`UPDATE OR IGNORE deferred_mails SET member_id = ${into} WHERE makerspace_id = ${makerspace_id} AND member_id = ${from}`,
    ),
  ),
];
