/** Supporting documents: pure parts. */

import { DAY } from "../../../platform/time.ts";

export const documentStatuses = ["pending", "verified", "rejected", "expired", "replaced"] as const;
export type DocumentStatus = (typeof documentStatuses)[number];

/** What happens to a document: from which statuses, and where it leads. Everything else is illegal_transition. */
export const documentTransitions = {
  verify: { from: ["pending"], to: "verified" },
  /** Also of one that was verified: it was no good after all. */
  reject: { from: ["pending", "verified"], to: "rejected" },
  expire: { from: ["verified"], to: "expired" },
  /** Another took its place; its file goes. */
  replace: { from: ["pending", "verified", "rejected", "expired"], to: "replaced" },
} as const satisfies Record<string, { from: readonly DocumentStatus[]; to: DocumentStatus }>;
export type DocumentStep = keyof typeof documentTransitions;

/** True when a document of this status may take this step. */
export const mayStep = (step: DocumentStep, status: DocumentStatus): boolean =>
  (documentTransitions[step].from as readonly DocumentStatus[]).includes(status);

/** Types that are taken. */
export const documentTypes = ["application/pdf", "image/jpeg", "image/png"] as const;

/** Largest file in bytes. */
export const MAX_BYTES = 10 * 1024 * 1024;

/** More a member does not have. */
export const MAX_DOCUMENTS = 50;

/** How long before its end a member is reminded to hand in another. */
export const REMINDED_BEFORE = 14 * DAY;

/** When the clockwork looks at a verified document: to remind while there is time for that, then to end it. Epoch milliseconds. */
export const dueAt = (expires_at: number | null, now: number): number | null =>
  expires_at === null ? null : expires_at - REMINDED_BEFORE > now ? expires_at - REMINDED_BEFORE : expires_at;
