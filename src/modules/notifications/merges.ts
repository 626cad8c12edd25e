/** What a member who becomes one with another was told, and wishes to be told. */

import { sql } from "drizzle-orm";
import { write } from "../../platform/db/commit.ts";
import type { MemberMove } from "../members/index.ts";

export const moveInbox: MemberMove = {
  tables: {
    notifications: "moved, each event once",
    deferred_mails: "moved",
    notification_preferences: "moved to whoever has none",
    announcement_readers: "moved: what either of them has acknowledged or put away, they have",
  },
  writes({ db, makerspace_id }, { from, into }) {
    const theirs = sql`makerspace_id = ${makerspace_id} AND member_id = ${from}`;
    const statements = [
      sql`UPDATE OR IGNORE notifications SET member_id = ${into} WHERE ${theirs}`,
      sql`UPDATE OR IGNORE deferred_mails SET member_id = ${into} WHERE ${theirs}`,
      sql`UPDATE OR IGNORE notification_preferences SET member_id = ${into} WHERE ${theirs}`,
      sql`DELETE FROM notification_preferences WHERE ${theirs}`,
      sql`
        INSERT INTO announcement_readers (makerspace_id, member_id, announcement_id, acknowledged_at, dismissed_at)
        SELECT makerspace_id, ${into}, announcement_id, acknowledged_at, dismissed_at FROM announcement_readers WHERE ${theirs}
        ON CONFLICT DO UPDATE SET
          acknowledged_at = coalesce(announcement_readers.acknowledged_at, excluded.acknowledged_at),
          dismissed_at = coalesce(announcement_readers.dismissed_at, excluded.dismissed_at)`,
      sql`DELETE FROM announcement_readers WHERE ${theirs}`,
    ];
    return statements.map((statement) => write(db.run(statement)));
  },
};
