/** Minors: pure parts. Dates are ISO 8601 texts on the makerspace's wall clock, which compare as they stand. */

import type { Zone } from "../../../platform/zone.ts";

/** How a consent came: by the guardian's own click, or signed on paper that staff keep. */
export const consentMethods = ["in_app", "on_paper"] as const;

/** The date on a zone's wall clock. */
export const dateIn = (zone: Zone, at: number): string => new Date(at + zone.offset(at)).toISOString().slice(0, 10);

/** Whoever was born after this date is under age. It may be a 29th of February that never was, which still compares rightly. */
export const bornAfter = (today: string, age: number): string =>
  `${String(Number(today.slice(0, 4)) - age).padStart(4, "0")}${today.slice(4)}`;

/** True until the birthday that makes somebody of age; who was born on a 29th of February has it on 1 March in other years. */
export const isUnderAge = (birth_date: string, age: number, today: string): boolean =>
  birth_date > bornAfter(today, age);

/** The date on which somebody comes of age. */
export function ofAgeOn(birth_date: string, age: number): string {
  const [year = 0, month = 1, day = 1] = birth_date.split("-").map(Number);
  return new Date(Date.UTC(year + age, month - 1, day)).toISOString().slice(0, 10);
}
