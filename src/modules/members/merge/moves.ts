/** What this module holds of a member who becomes one with another. */

import { sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { MemberMove } from "../port.ts";
import { moveCare } from "./care.ts";

/** Rows of which a member has no more than one per key: what both have stays as the one who goes on has it. */
export const moveOwn: MemberMove = {
  tables: {
    members: "merged_into says where the other record went",
    member_duties: "moved",
    member_tags: "moved",
    memberships: "moved",
    membership_transactions: "moved; who pays is the other one, too",
    billing_groups: "the other pays in their place: moveGroups",
    billing_group_members: "moved, both in one group are one place: moveGroups",
    guest_visits: "moved to their new host",
    agreement_acceptances:
      "copied: a record of what somebody agreed to stays where it is, and counts for the other as well",
    invites: "moved",
    erasures: "a request that waits goes over: who asked is erased with both records",
    erasure_keeps: "stays: there are none of somebody who was not erased",
    minors: "moved: moveCare",
    guardians: "moved: moveCare",
    guardian_consents: "moved: moveCare",
    emergency_contacts: "moved: moveCare",
    member_documents: "moved: moveCare",
  },
  writes(store, { from, into }) {
    const { db, makerspace_id } = store;
    const run = (statement: ReturnType<typeof sql>, failures: Omit<Write, "statement"> = {}) =>
      write(db.run(statement), failures);
    const theirs = sql`makerspace_id = ${makerspace_id} AND member_id = ${from}`;
    return [
      run(sql`UPDATE OR IGNORE member_duties SET member_id = ${into} WHERE ${theirs}`),
      run(sql`DELETE FROM member_duties WHERE ${theirs}`),
      run(sql`
        INSERT OR IGNORE INTO member_tags (makerspace_id, tag, status, member_id)
        SELECT t.makerspace_id, t.tag, m.status, m.id FROM member_tags t JOIN members m ON m.makerspace_id = t.makerspace_id AND m.id = ${into}
        WHERE t.makerspace_id = ${makerspace_id} AND t.member_id = ${from}`),
      run(sql`DELETE FROM member_tags WHERE ${theirs}`),
      run(sql`UPDATE memberships SET member_id = ${into} WHERE ${theirs}`, {
        unique: { "memberships.makerspace_id, memberships.member_id": "both_have_memberships" },
      }),
      run(sql`UPDATE membership_transactions SET member_id = ${into} WHERE ${theirs}`),
      run(sql`
        INSERT OR IGNORE INTO agreement_acceptances (makerspace_id, agreement_id, number, member_id, accepted_at, method, recorded_by)
        SELECT makerspace_id, agreement_id, number, ${into}, accepted_at, method, recorded_by FROM agreement_acceptances
        WHERE ${theirs}`),
      run(
        sql`UPDATE guest_visits SET host_member_id = ${into} WHERE makerspace_id = ${makerspace_id} AND host_member_id = ${from}`,
      ),
      ...moveCare(store, from, into),
      run(sql`UPDATE OR IGNORE erasures SET member_id = ${into} WHERE ${theirs} AND status = 'waiting'`),
      run(sql`UPDATE invites SET member_id = ${into} WHERE ${theirs}`),
    ];
  },
};
