/** Erasing what the audit says of somebody, without breaking its chain. */

import { sql } from "drizzle-orm";
import { type Write, write } from "../db/commit.ts";
import type { SpaceStore } from "../db/store.ts";

/**
 * Writes that erase the details of every earlier entry about a subject. What remains are ids, the digest of what was
 * there, and a row that says why it went. They belong into a commit whose action ends with ".erased": verification
 * takes missing details for erased only when such an entry stands behind them.
 * @param ground why, in words, without personal data
 * @param now epoch milliseconds
 */
export function eraseAuditDetails(
  store: SpaceStore,
  subject: { type: string; id: string },
  ground: string,
  now: number,
): Write[] {
  const { makerspace_id, db } = store;
  const about = sql`entry.makerspace_id = ${makerspace_id} AND entry.subject_type = ${subject.type}
    AND entry.subject_id = ${subject.id}`;
  return [
    // The commit's own entry leads the batch, so it is the newest one.
    write(
      db.run(sql`INSERT INTO audit_erasures (makerspace_id, seq, by_seq, ground, erased_at)
        SELECT entry.makerspace_id, entry.seq, newest.seq, ${ground}, ${now}
        FROM (SELECT max(seq) AS seq FROM audit_log WHERE makerspace_id = ${makerspace_id}) newest
        CROSS JOIN audit_log entry JOIN audit_details USING (makerspace_id, seq)
        WHERE ${about} AND entry.seq < newest.seq
        ON CONFLICT (makerspace_id, seq) DO NOTHING`),
    ),
    write(
      db.run(sql`DELETE FROM audit_details WHERE makerspace_id = ${makerspace_id} AND seq IN (
        SELECT entry.seq FROM audit_log entry JOIN audit_erasures USING (makerspace_id, seq) WHERE ${about})`),
    ),
  ];
}
