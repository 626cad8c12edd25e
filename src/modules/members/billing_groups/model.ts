/** Families and companies: their vocabulary. Pure. */

export const groupKinds = ["family", "company"] as const;
export type GroupKind = (typeof groupKinds)[number];

export const groupStatuses = ["active", "dissolved"] as const;

/** Who can be brought into a group, and pay for it: whoever belongs to the makerspace, or is about to. */
export const joinableStatuses = ["pending", "active", "expired"] as const;
