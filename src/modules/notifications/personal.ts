/** What this module's tables hold of people. */

import { namesStaff, type PersonalTable, personal } from "../../platform/personal-data.ts";
import { announcementReaders, announcements } from "./announcements/tables.ts";
import { deferredMails, notificationPreferences, notifications } from "./tables.ts";

/** Rows that refer to others come before them. */
export const notificationPersonalData: readonly PersonalTable[] = [
  personal(deferredMails, {
    about: "Mail that waits for the end of your quiet hours, or for your digest.",
    whose: { member_id: "member" },
    exported: ["due_at", "notification_id"],
    erasure: { how: "delete" },
  }),
  personal(notifications, {
    about: "What you were told.",
    whose: { member_id: "member" },
    bare: ["subject_id"],
    exported: ["id", "type", "subject_type", "subject_id", "data", "state", "read_at", "created_at"],
    erasure: { how: "delete" },
  }),
  personal(notificationPreferences, {
    about: "What you want to be told, and how.",
    whose: { member_id: "member" },
    exported: ["choices", "quiet_from", "quiet_to", "digest", "updated_at"],
    erasure: { how: "delete" },
  }),
  personal(announcementReaders, {
    about: "Announcements that concern you, and what you did with them.",
    whose: { member_id: "member" },
    exported: ["announcement_id", "acknowledged_at", "dismissed_at"],
    erasure: { how: "delete" },
  }),
  namesStaff(announcements, "created_by"),
];
