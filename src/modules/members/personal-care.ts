/** What is held of members in their families, with their guests and guardians, and for their safety. */

import { inArray, sql } from "drizzle-orm";
import { type Person, type PersonalTable, personal } from "../../platform/personal-data.ts";
import { billingGroupMembers, billingGroups } from "./billing_groups/tables.ts";
import { memberDocuments } from "./documents/tables.ts";
import { emergencyContacts } from "./emergency_contacts/tables.ts";
import { guestVisits, guestWaivers } from "./guests/tables.ts";
import { guardianConsents, guardians, minors } from "./minors/tables.ts";

const visitsOf = (makerspace_id: string, { member_ids }: Person) =>
  inArray(
    guestWaivers.visit_id,
    sql`(SELECT id FROM guest_visits WHERE makerspace_id = ${makerspace_id}
      AND host_member_id IN (SELECT value FROM json_each(${JSON.stringify(member_ids)})))`,
  );

/** Rows that refer to others come before them. */
export const carePersonalData: readonly PersonalTable[] = [
  personal(billingGroupMembers, {
    about: "The family or company that you belong to.",
    whose: { member_id: "member" },
    exported: ["group_id", "added_at"],
    erasure: { how: "delete" },
  }),
  personal(billingGroups, {
    about: "Families and companies for which you pay.",
    whose: { payer_member_id: "member" },
    exported: ["id", "kind", "name", "status", "metadata", "external_id", "created_at"],
    // The payer has handed over, or taken the group along, and what is dissolved keeps no name.
    erasure: { how: "elsewhere", by: "who leaves leaves their group, and a payer alone dissolves it" },
  }),
  personal(emergencyContacts, {
    about: "Whom to call when something happens to you.",
    whose: { member_id: "member" },
    exported: ["name", "relation", "phone", "notes", "created_at", "updated_at"],
    erasure: { how: "delete" },
  }),
  personal(memberDocuments, {
    about: "Documents that you handed in. The files themselves lie beside this one.",
    whose: { member_id: "member" },
    bare: ["submitted_by", "decided_by"],
    exported: [
      "id",
      "kind",
      "status",
      "content_type",
      "size",
      "sha256",
      "reason",
      "expires_at",
      "decided_at",
      "created_at",
    ],
    erasure: { how: "delete", file: "document" },
  }),
  personal(guardianConsents, {
    about: "What your guardians consented to, and when.",
    whose: { member_id: "member" },
    bare: ["recorded_by", "withdrawn_by", "guardian_id"],
    exported: ["id", "method", "agreement_id", "number", "given_at", "valid_until", "withdrawn_at"],
    erasure: { how: "keep", keep: "claims" },
  }),
  personal(guardians, {
    about: "Who may consent for you; how they are reached is theirs.",
    whose: { member_id: "member" },
    bare: ["guardian_member_id", "email", "phone"],
    exported: ["id", "name", "relation", "ended_at", "created_at"],
    erasure: { how: "empty", set: { name: null, email: null, phone: null }, keep: "claims" },
  }),
  personal(minors, {
    about: "Your date of birth, until you come of age.",
    whose: { member_id: "member" },
    exported: ["birth_date"],
    erasure: { how: "delete" },
  }),
  personal(guestWaivers, {
    about: "What your guests have signed.",
    through: visitsOf,
    bare: ["recorded_by"],
    exported: { withheld: "It is your guests' own." },
    erasure: {
      how: "keep",
      keep: "claims",
      since: sql`(SELECT v.day_to FROM guest_visits v
        WHERE v.makerspace_id = ${guestWaivers.makerspace_id} AND v.id = ${guestWaivers.visit_id})`,
    },
  }),
  personal(guestVisits, {
    about: "Guests whom you brought, without their names.",
    whose: { host_member_id: "member" },
    bare: ["name", "invited_by"],
    exported: ["id", "visit_on", "status", "counted", "arrived_at", "departed_at", "created_at"],
    erasure: { how: "empty", set: { name: null }, keep: "claims", since: sql`${guestVisits.day_to}` },
  }),
];
