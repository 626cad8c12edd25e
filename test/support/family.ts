/** Minors and their guardians, for tests. */

import { HOUR } from "../../src/platform/time.ts";
import type { Api } from "./api.ts";
import type { Person, TestSpace } from "./space.ts";
import type { Guardian, GuardianConsent, Minor } from "./wire.ts";

/** The date of birth of somebody who is this many years old, and some days; far from midnight in no zone, so a day is left between. */
export const bornYearsAgo = (years: number, days = 30): string => {
  const day = new Date(Date.now() - days * 24 * HOUR);
  return `${day.getUTCFullYear() - years}-${day.toISOString().slice(5, 10).replace("02-29", "02-28")}`;
};

/** Where what concerns a member is. */
export const ofMember = (space: TestSpace, { member }: Person, rest: string): string =>
  space.path(`/members/${member.id}${rest}`);

/** Records a member as a minor of this age. */
export const recordMinor = (space: TestSpace, child: Person, years = 15): Promise<Minor> =>
  space.root.must<Minor>("PUT", ofMember(space, child, "/minor"), { body: { birth_date: bornYearsAgo(years) } });

/** Names a member as guardian. */
export const nameGuardian = (space: TestSpace, child: Person, guardian: Person): Promise<Guardian> =>
  space.root.post<Guardian>(ofMember(space, child, "/guardians"), {
    guardian_member_id: guardian.member.id,
    relation: "mother",
  });

/** The guardian consents. */
export const consent = (space: TestSpace, child: Person, api: Api, more: object = {}): Promise<GuardianConsent> =>
  api.post<GuardianConsent>(ofMember(space, child, "/guardian_consents"), more);
