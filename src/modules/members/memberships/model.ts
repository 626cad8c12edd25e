/** The life of a membership as data. Pure. */

export const membershipStates = ["pending", "active", "paused", "expired", "cancelled", "changed", "declined"] as const;
export type MembershipState = (typeof membershipStates)[number];

/** States in which a membership takes a place of its plan; a member has at most one of them. */
export const currentStates = ["active", "paused"] as const satisfies readonly MembershipState[];

export const transactionKinds = [
  "join",
  "renewal",
  "upgrade",
  "downgrade",
  "pause",
  "resume",
  "cancellation",
  "continuation",
  "expiry",
] as const;

/** Whether money is owed for a transaction; billing settles it. */
export const paymentStatuses = ["none", "due"] as const;
