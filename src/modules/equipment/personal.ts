/** What this module's tables hold of people. Bookings and sessions are the machines' own: their objects empty them, and bring it here. */

import { inArray, sql } from "drizzle-orm";
import { namesStaff, type Person, type PersonalTable, personal } from "../../platform/personal-data.ts";
import { charges } from "./charges/tables.ts";
import { costRules } from "./cost_rules/tables.ts";
import { faultReports } from "./fault_reports/tables.ts";
import { equipmentRatings } from "./ratings/tables.ts";
import {
  bookingClaims,
  bookingHolds,
  calendarFeeds,
  closures,
  equipment,
  outages,
  reminders,
  reservationExternalIds,
  reservations,
  series,
  sessions,
  tablets,
  waitlistEntries,
} from "./tables.ts";

const idsOfTheirs = (makerspace_id: string, { member_ids }: Person) =>
  inArray(
    reservationExternalIds.reservation_id,
    sql`(SELECT id FROM reservations WHERE makerspace_id = ${makerspace_id}
      AND member_id IN (SELECT value FROM json_each(${JSON.stringify(member_ids)})))`,
  );

const byMachines = { how: "elsewhere", by: "each machine forgets names and texts", keep: "claims" } as const;

export const equipmentPersonalData: readonly PersonalTable[] = [
  personal(charges, {
    about: "What you owe, or owed, for the use of machines.",
    whose: { member_id: "member" },
    exported: ["subject_id", "kind", "status", "amount_minor", "currency", "lines", "occurred_at"],
    erasure: { how: "keep", keep: "accounting", since: sql`${charges.occurred_at}` },
  }),
  personal(costRules, {
    about: "Prices of machines that are for some members, you among them.",
    mentions: { member_ids: ["member"] },
    exported: ["id", "equipment_id", "rule_type", "amount_minor", "currency", "percent"],
    erasure: { how: "keep", keep: "integrity" },
  }),
  personal(reservationExternalIds, {
    about: "Ids that other programs gave to your bookings.",
    through: idsOfTheirs,
    bare: ["claimed_by"],
    exported: ["external_id", "reservation_id", "equipment_id"],
    erasure: { how: "delete" },
  }),
  personal(reservations, {
    about: "Your bookings.",
    whose: { member_id: "member" },
    bare: ["created_by", "decided_by"],
    exported: [
      "id",
      "equipment_id",
      "status",
      "starts_at",
      "ends_at",
      "purpose",
      "project_id",
      "note",
      "decided_at",
      "checked_in_at",
      "counted_minutes",
      "price",
      "fee_minor",
      "metadata",
      "external_id",
      "series_id",
      "may_move",
      "cancelled_by",
      "outage_id",
      "moved_to",
      "moved_from",
      "bundle_id",
      "created_at",
      "updated_at",
    ],
    erasure: byMachines,
  }),
  personal(series, {
    about: "Your bookings that come again and again.",
    whose: { member_id: "member" },
    bare: ["created_by"],
    exported: [
      "id",
      "equipment_id",
      "status",
      "rrule",
      "local_start",
      "timezone",
      "duration_minutes",
      "starts_at",
      "ends_at",
      "purpose",
      "project_id",
      "created_at",
      "updated_at",
    ],
    erasure: byMachines,
  }),
  personal(sessions, {
    about: "When you used which machine, and what came of it.",
    whose: { member_id: "member" },
    bare: ["ended_by"],
    exported: [
      "id",
      "equipment_id",
      "reservation_id",
      "project_id",
      "status",
      "started_at",
      "planned_end_at",
      "ended_at",
      "overrun_at",
      "job_successful",
      "output_quality",
      "notes",
      "counted_minutes",
      "price",
      "created_at",
    ],
    erasure: byMachines,
  }),
  personal(bookingClaims, {
    about: "Bookings on their way, for moments.",
    whose: { member_id: "member" },
    exported: { withheld: "It lasts for moments; the booking is exported." },
    erasure: { how: "delete" },
  }),
  personal(waitlistEntries, {
    about: "What you wait for.",
    whose: { member_id: "member" },
    bare: ["created_by"],
    exported: [
      "id",
      "equipment_id",
      "category",
      "window_starts_at",
      "window_ends_at",
      "minutes",
      "status",
      "offer_starts_at",
      "offer_ends_at",
      "offer_expires_at",
      "reservation_id",
      "created_at",
    ],
    erasure: { how: "delete" },
  }),
  personal(bookingHolds, {
    about: "Slots that are kept for you while you choose, for minutes.",
    whose: { member_id: "member" },
    exported: { withheld: "It lasts for minutes; what you book is exported." },
    erasure: { how: "delete" },
  }),
  personal(calendarFeeds, {
    about: "Your calendar feeds; their addresses are kept nowhere.",
    whose: { member_id: "member" },
    exported: ["id", "name", "scope", "equipment_id", "revoked_at", "created_at"],
    erasure: { how: "delete" },
  }),
  personal(equipment, {
    about: "Machines that belong to you.",
    whose: { owner_member_id: "member" },
    exported: ["id", "code", "name"],
    erasure: { how: "empty", set: { owner_member_id: null } },
  }),
  namesStaff(closures, "created_by"),
  namesStaff(outages, "created_by", "lifted_by"),
  personal(faultReports, {
    about: "Faults of machines that you reported.",
    whose: { member_id: "member" },
    bare: ["handled_by"],
    exported: ["id", "equipment_id", "severity", "text", "status", "note", "created_at"],
    // That a machine had a fault, and when, is the machine's history.
    erasure: { how: "empty", set: { member_id: null, text: "(erased)" } },
  }),
  personal(equipmentRatings, {
    about: "What you said of machines.",
    whose: { member_id: "member" },
    bare: ["hidden_by", "answered_by"],
    exported: ["id", "equipment_id", "stars", "text", "status", "hidden_reason", "answer", "created_at", "updated_at"],
    erasure: { how: "delete" },
  }),
  namesStaff(reminders, "subject_id"),
  namesStaff(tablets, "created_by"),
];
