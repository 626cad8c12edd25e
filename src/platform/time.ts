/** Times are epoch milliseconds in code and storage, ISO 8601 UTC with `Z` in JSON. */

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** Epoch milliseconds → "2026-11-22T13:00:00.000Z". */
export const toIso = (ms: number): string => new Date(ms).toISOString();

/** The same, keeping null. */
export const toIsoOrNull = (ms: number | null): string | null => (ms === null ? null : toIso(ms));

/** True for an IANA zone this runtime knows. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
