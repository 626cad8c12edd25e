/** Fault reports: pure parts. */

export const severities = ["minor", "major", "safety"] as const;
export type Severity = (typeof severities)[number];

export const faultStatuses = ["open", "acknowledged", "resolved", "dismissed"] as const;
export type FaultStatus = (typeof faultStatuses)[number];

/** What staff do with a report: from which statuses, and where it leads. Everything else is illegal_transition. */
export const faultTransitions = {
  acknowledge: { from: ["open"], to: "acknowledged" },
  resolve: { from: ["open", "acknowledged"], to: "resolved" },
  dismiss: { from: ["open", "acknowledged"], to: "dismissed" },
} as const satisfies Record<string, { from: readonly FaultStatus[]; to: FaultStatus }>;
export type FaultStep = keyof typeof faultTransitions;

export const mayStep = (step: FaultStep, status: FaultStatus): boolean =>
  (faultTransitions[step].from as readonly FaultStatus[]).includes(status);

/** Files that one report has at most. */
export const MAX_FILES = 10;
