/** The life of an announcement. Pure. */

export const audiences = ["all", "plan", "equipment"] as const;
export type AnnouncementAudience = (typeof audiences)[number];

export const announcementStatuses = ["draft", "scheduled", "published", "expired", "withdrawn"] as const;
export type AnnouncementStatus = (typeof announcementStatuses)[number];

/** Everything that can happen to one: from where, and to where. `expire` is the clock's; so is `publish` of a scheduled one. */
export const announcementSteps = {
  schedule: { from: ["draft", "scheduled"], to: "scheduled" },
  publish: { from: ["draft", "scheduled"], to: "published" },
  expire: { from: ["published"], to: "expired" },
  withdraw: { from: ["draft", "scheduled", "published"], to: "withdrawn" },
} as const satisfies Record<string, { from: readonly AnnouncementStatus[]; to: AnnouncementStatus }>;
export type AnnouncementStep = keyof typeof announcementSteps;

/** Whether a step may follow a status. */
export const mayStep = (step: AnnouncementStep, status: AnnouncementStatus): boolean =>
  (announcementSteps[step].from as readonly AnnouncementStatus[]).includes(status);
