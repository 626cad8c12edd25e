/** Erasures without storage: their statuses and their times. */

import { Temporal } from "temporal-polyfill";
import { DAY } from "../../../platform/time.ts";

/** Waiting: it can be withdrawn. Running: there is no way back. */
export const erasureStatuses = ["waiting", "running", "done", "withdrawn"] as const;
export type ErasureStatus = (typeof erasureStatuses)[number];

/** Who asks for their own erasure may think again for this long. */
export const SECOND_THOUGHTS = 7 * DAY;

/** The end of a calendar year of the wall clock, some years later: epoch milliseconds. */
export function endOfYearAfter(now: number, years: number, timezone: string): number {
  const { year } = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timezone);
  return Temporal.PlainDate.from({ year: year + years + 1, month: 1, day: 1 }).toZonedDateTime({ timeZone: timezone })
    .epochMilliseconds;
}
