/** Agreements: pure parts. */

/** How an acceptance came: by the member's own click, or signed on paper that staff keep. */
export const acceptanceMethods = ["in_app", "on_paper"] as const;
export type AcceptanceMethod = (typeof acceptanceMethods)[number];
