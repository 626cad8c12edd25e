/** Members without storage or HTTP: the statuses and the steps between them, search terms, limits. */

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

/** What a search looks through: names for everybody, e-mail addresses for staff alone. */
export const termKinds = ["name", "email"] as const;
export type TermKind = (typeof termKinds)[number];

/** A text as it is searched and sorted: lower case, without accents, words by single spaces. */
export const fold = (text: string): string =>
  text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss").trim().replaceAll(/\s+/g, " ");

/** A name as it is on the wire. */
export const displayName = (row: { first_name: string; last_name: string }): string =>
  `${row.first_name} ${row.last_name}`.trim();

/** What lists by name sort by: the last name first. */
export const sortName = (row: { first_name: string; last_name: string }): string =>
  fold(`${row.last_name} ${row.first_name}`);

/** More words than this in a name add nothing to a search. */
const MAX_WORDS = 8;

/** Every turn of the words, so that a search may begin with any of them: "ada lovelace byron", "lovelace byron ada", … */
const turns = (words: readonly string[]): string[] =>
  words.map((_, index) => [...words.slice(index), ...words.slice(0, index)].join(" "));

/** From each part of the address on: "grace.hopper@navy.mil", "hopper@navy.mil", "navy.mil". */
function addressTerms(email: string): string[] {
  const [local = "", domain = ""] = email.split("@");
  const starts = [...local.matchAll(/(?<=^|[._+-])[^._+-]/g)].map((match) => match.index);
  return [...starts.slice(0, MAX_WORDS).map((start) => email.slice(start)), domain];
}

/** The terms a search finds a member by, each one once. */
export function termsOf(row: {
  first_name: string;
  last_name: string;
  email: string;
}): { kind: TermKind; term: string }[] {
  const words = fold(displayName(row)).split(" ").filter(Boolean).slice(0, MAX_WORDS);
  const [first, last] = [words[0], words.at(-1)];
  // Who has more than two names is also found by the first and the last.
  const short = words.length > 2 && first && last ? [`${first} ${last}`] : [];
  const of = (kind: TermKind, terms: readonly string[]) =>
    [...new Set(terms)].filter((term) => term !== "").map((term) => ({ kind, term }));
  return [...of("name", [...turns(words), ...short]), ...of("email", addressTerms(fold(row.email)))];
}
