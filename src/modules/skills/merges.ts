/** What the skills module holds of a member who becomes one with another. */

import { sql } from "drizzle-orm";
import { write } from "../../platform/db/commit.ts";
import type { MemberMove } from "../members/index.ts";

/** Where both have something, the one who goes on keeps theirs; and nobody comes to have certified themselves. */
export const moveSkills: MemberMove = {
  tables: {
    skill_trainers: "moved",
    certifications: "moved, but for what both have, and what the other one gave",
    skill_requests: "moved, but for what both wait for",
  },
  writes({ db, makerspace_id }, { from, into }) {
    const theirs = sql`makerspace_id = ${makerspace_id} AND member_id = ${from}`;
    return [
      write(db.run(sql`UPDATE OR IGNORE skill_trainers SET member_id = ${into} WHERE ${theirs}`)),
      write(db.run(sql`DELETE FROM skill_trainers WHERE ${theirs}`)),
      write(db.run(sql`UPDATE OR IGNORE certifications SET member_id = ${into} WHERE ${theirs}`)),
      write(db.run(sql`UPDATE OR IGNORE skill_requests SET member_id = ${into} WHERE ${theirs}`)),
    ];
  },
};
