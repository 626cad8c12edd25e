/** What the platform's own tables hold of people. */

import { inArray, notInArray, sql } from "drizzle-orm";
import {
  auditDetails,
  auditLog,
  deadLetters,
  denylist,
  devMail,
  idempotencyKeys,
  jobs,
  liveVisits,
  mailDeliveries,
  makerspaces,
  membershipIndex,
  outbox,
  platformIdempotencyKeys,
  principals,
  settingsSections,
} from "./db/tables.ts";
import { namesStaff, type Person, type PersonalTable, personal } from "./personal-data.ts";

const member = { type: "member" } as const;

/** Entries about the person; what they say beside the facts. */
const detailsOf = (makerspace_id: string, { member_ids }: Person) =>
  inArray(
    auditDetails.seq,
    sql`(SELECT seq FROM audit_log WHERE makerspace_id = ${makerspace_id} AND subject_type = ${member.type}
      AND subject_id IN (SELECT value FROM json_each(${JSON.stringify(member_ids)})))`,
  );

const inSpaces: readonly PersonalTable[] = [
  personal(auditLog, {
    about: "What happened to you and what you did: facts, without who else was concerned.",
    whose: { subject_id: "member", actor_id: "actor" },
    exported: ["occurred_at", "action", "subject_type", "actor_kind"],
    erasure: { how: "keep", keep: "integrity" },
  }),
  personal(auditDetails, {
    about: "What the entries about you say beside the facts.",
    through: detailsOf,
    exported: ["seq", "before", "after"],
    erasure: { how: "elsewhere", by: "the audit erases them, and says so in its chain" },
  }),
  personal(jobs, {
    about: "Long work that you started, such as exports.",
    whose: { created_by: "actor" },
    mentions: { input: ["member"] },
    exported: ["id", "kind", "status", "result", "created_at", "updated_at"],
    only: notInArray(jobs.status, ["queued", "running"]),
    erasure: { how: "delete" },
  }),
  personal(mailDeliveries, {
    about: "Mail that was sent to you: when and of what kind, without its words.",
    whose: { recipient: "recipient" },
    bare: ["subject_id"],
    exported: ["template", "status", "created_at", "sent_at"],
    erasure: { how: "delete" },
  }),
  personal(idempotencyKeys, {
    about: "Answers that are remembered for a day, for requests that are repeated.",
    mentions: { scope: ["actor"], body: ["member", "email"] },
    exported: { withheld: "Copies of what the other tables say, for a day." },
    erasure: { how: "delete" },
  }),
  personal(deadLetters, {
    about: "Messages between parts of the system that could not be handled.",
    mentions: { envelope: ["actor"] },
    exported: { withheld: "Ids alone, for operators." },
    erasure: { how: "delete" },
  }),
  personal(outbox, {
    about: "Messages between parts of the system, for moments.",
    mentions: { envelope: ["actor"] },
    exported: { withheld: "Ids alone, for moments." },
    erasure: { how: "keep", keep: "passing" },
  }),
  namesStaff(settingsSections, "updated_by"),
];

/** A person's rows in the directory go with the last makerspace they belong to. */
const elsewhereUnknown = (column: typeof principals.user_id) =>
  sql`NOT EXISTS (SELECT 1 FROM membership_index other WHERE other.user_id = ${column})`;

const inDirectory: readonly PersonalTable[] = [
  personal(membershipIndex, {
    about: "That you belong to this makerspace.",
    whose: { user_id: "user", member_id: "member" },
    exported: ["user_id", "member_id"],
    erasure: { how: "delete" },
  }),
  personal(principals, {
    about: "Your sign-in: who vouches for you, with the name and the address that they gave.",
    whose: { user_id: "user" },
    exported: ["user_id", "issuer", "subject", "email", "name", "created_at", "updated_at"],
    only: elsewhereUnknown(principals.user_id),
    erasure: { how: "delete" },
  }),
  personal(liveVisits, {
    about: "Where you may watch machines live, for minutes.",
    whose: { user_id: "user", viewer_id: "actor" },
    exported: { withheld: "It lasts for minutes." },
    erasure: { how: "delete" },
  }),
  personal(denylist, {
    about: "Sign-ins that you have ended.",
    whose: { value: "user" },
    exported: { withheld: "It keeps ended sign-ins from being used, and goes by itself within 31 days." },
    erasure: { how: "keep", keep: "passing" },
  }),
  personal(platformIdempotencyKeys, {
    about: "Answers that are remembered for a day, for requests that are repeated.",
    mentions: { scope: ["user"] },
    exported: { withheld: "Copies of what the other tables say, for a day." },
    erasure: { how: "delete" },
  }),
  personal(devMail, {
    about: "Mail that was not sent, but shown to developers.",
    whose: { to_address: "email" },
    exported: { withheld: "It exists on development systems alone." },
    erasure: { how: "delete" },
  }),
  namesStaff(makerspaces, "created_by"),
];

export const platformPersonalData: readonly PersonalTable[] = [...inSpaces, ...inDirectory];
