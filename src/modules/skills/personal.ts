/** What this module's tables hold of people. */

import { type PersonalTable, personal } from "../../platform/personal-data.ts";
import { certifications, skillRequests, skillTrainers } from "./tables.ts";

/** Rows that refer to others come before them. */
export const skillPersonalData: readonly PersonalTable[] = [
  personal(skillRequests, {
    about: "What you asked to be certified for, and what was decided.",
    whose: { member_id: "member" },
    bare: ["decided_by"],
    exported: ["id", "skill_id", "status", "message", "note", "certification_id", "decided_at", "created_at"],
    erasure: { how: "delete" },
  }),
  personal(certifications, {
    about: "What you are certified for, since when, until when, and what was seen of you.",
    whose: { member_id: "member" },
    bare: ["certified_by", "cosigned_by", "ended_by"],
    exported: [
      "id",
      "skill_id",
      "level",
      "status",
      "certified_at",
      "cosigned_at",
      "expires_at",
      "last_used_at",
      "ended_at",
      "ended_because",
      "reason",
      "quiz_score",
      "evidence",
    ],
    // Who was trained for a machine counts as long as who used it.
    erasure: { how: "empty", set: { reason: null, evidence: null, quiz_score: null }, keep: "claims" },
  }),
  personal(skillTrainers, {
    about: "Skills that you certify others for.",
    whose: { member_id: "member" },
    exported: ["skill_id"],
    erasure: { how: "delete" },
  }),
];
