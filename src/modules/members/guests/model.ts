/** Guests: the life of a visit, and when a pass comes back. Pure. */

export const visitStatuses = ["expected", "arrived", "departed", "cancelled", "no_show"] as const;
export type VisitStatus = (typeof visitStatuses)[number];

/** What happens to a visit. Everything else is illegal_transition. */
export const visitTransitions = {
  check_in: { from: "expected", to: "arrived" },
  check_out: { from: "arrived", to: "departed" },
  cancel: { from: "expected", to: "cancelled" },
  /** The day is over and nobody came. */
  miss: { from: "expected", to: "no_show" },
} as const satisfies Record<string, { from: VisitStatus; to: VisitStatus }>;
export type VisitStep = keyof typeof visitTransitions;

/** How a guest signed: on the desk's screen, or on paper that staff keep. */
export const waiverMethods = ["on_screen", "on_paper"] as const;

/** Guests are expected at most so many days ahead. */
export const FARTHEST_DAYS = 366;

/** A pass comes back when the visit is cancelled before its day begins; staff give it back on the day, too. */
export const givesBack = (day_from: number, now: number, byStaff: boolean): boolean => byStaff || now < day_from;
