/** Members without storage or HTTP: the statuses and the steps between them, names, the words of a search. */

import type { MembershipStatus } from "../../platform/access/statuses.ts";

/** What happens to a membership: from which statuses, and where it leads. Everything else is illegal_transition. */
export const memberTransitions = {
  /** The person behind the e-mail address signs in for the first time. */
  link: { from: ["pending"], to: ["active"] },
  /** Staff say yes. */
  approve: { from: ["pending"], to: ["active"] },
  /** Staff say no. */
  decline: { from: ["pending"], to: ["left"] },
  suspend: { from: ["active", "expired"], to: ["suspended"] },
  /** Back in: expired when their plan ran out meanwhile. Staff may also take back whom they removed. */
  reactivate: { from: ["suspended", "left"], to: ["active", "expired"] },
  /** The plan ran out. */
  expire: { from: ["active"], to: ["expired"] },
  /** A plan was joined or renewed. */
  renew: { from: ["expired"], to: ["active"] },
  remove: { from: ["pending", "active", "suspended", "expired"], to: ["left"] },
  /** Who left asks to come back; staff decide. */
  rejoin: { from: ["left"], to: ["pending"] },
} as const satisfies Record<string, { from: readonly MembershipStatus[]; to: readonly MembershipStatus[] }>;
export type MemberStep = keyof typeof memberTransitions;

/** True when a membership of this status may take this step. */
export const mayStep = (step: MemberStep, status: MembershipStatus): boolean =>
  (memberTransitions[step].from as readonly MembershipStatus[]).includes(status);

/** A text as it is sorted: lower case, without accents, words by single spaces. */
const fold = (text: string): string =>
  text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss").trim().replaceAll(/\s+/g, " ");

/** A name as it is on the wire. */
export const displayName = (row: { first_name: string; last_name: string }): string =>
  `${row.first_name} ${row.last_name}`.trim();

/** What lists by name sort by: the last name first. */
export const sortName = (row: { first_name: string; last_name: string }): string =>
  fold(`${row.last_name} ${row.first_name}`);

/** More words than this narrow no search. */
const MAX_WORDS = 8;

/** What somebody typed as the words of a search; each is looked for as the beginning of a word. */
export const searchWords = (text: string): string[] =>
  text
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter(Boolean)
    .slice(0, MAX_WORDS);
