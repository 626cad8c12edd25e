/** The audit: written by every commit, sealed into a chain, read, verified and exported. */

export { anchorRounds, sealRounds, verifyAuditJob } from "./background.ts";
export { eraseAuditDetails } from "./erase.ts";
export { exportAuditJob } from "./export.ts";
export { verifyRounds } from "./nightly.ts";
export { auditRoutes } from "./routes.ts";
