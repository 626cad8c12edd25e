/** The vocabulary of plans. Pure. */

export const planTypes = ["free", "basic", "standard", "premium", "enterprise", "custom"] as const;
export const planStatuses = ["active", "archived"] as const;
export const planVisibilities = ["public", "staff"] as const;
