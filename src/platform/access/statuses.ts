/** Pure: what a membership can be. */

/**
 * Where a membership stands. pending waits for the person or for staff; suspended is shut out; expired may sign in and look after their own
 * things, but not book; left is nobody here any more. The steps between them are in src/modules/members/model.ts.
 */
export const membershipStatuses = ["pending", "active", "suspended", "expired", "left"] as const;
export type MembershipStatus = (typeof membershipStatuses)[number];
