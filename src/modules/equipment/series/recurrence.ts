/**
 * Recurrence on the wall clock: the part of RFC 5545 that bookings need. Pure. A rule is kept with its zone, so that 18:00 stays 18:00 when the
 * clocks change; a time that they jump over moves forward by the jump, of one that they repeat the first counts.
 */

import { Temporal } from "temporal-polyfill";
import type { Interval } from "../model.ts";

const frequencies = ["DAILY", "WEEKLY", "MONTHLY"] as const;
type Frequency = (typeof frequencies)[number];

/** Monday is 1, as in Temporal. */
const weekdays = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;

/** "2MO" is the second Monday of the month, "-1FR" its last Friday, "TU" every Tuesday. */
interface Weekday {
  day: number;
  nth: number | null;
}

/** Where a rule ends: after so many, or with the last at or before a moment on the wall clock, or on the world's. */
type End = { count: number } | { until: Temporal.PlainDateTime } | { until_at: number };

export interface Rule {
  freq: Frequency;
  interval: number;
  by_day: readonly Weekday[];
  /** Negative ones count from the end of the month. */
  by_month_day: readonly number[];
  end: End;
}

/** A series is at most this long. */
export const MAX_INSTANCES = 104;
/** No rule goes on looking for its next day for longer. */
const LONGEST_YEARS = 20;

/** Why a rule is not taken. */
export class RuleError extends Error {}

const whole = (name: string, text: string, least: number, most: number): number => {
  const value = Number(text);
  if (!/^[+-]?\d{1,4}$/.test(text) || value < least || value > most || value === 0) {
    throw new RuleError(`${name} is a whole number from ${least} to ${most}`);
  }
  return value;
};

const list = <T>(text: string, read: (part: string) => T): T[] => text.split(",").map(read);

function weekdayOf(text: string): Weekday {
  const [, nth = "", name = ""] = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(text) ?? [];
  const day = (weekdays as readonly string[]).indexOf(name) + 1;
  if (day === 0) throw new RuleError(`BYDAY does not know ${text}`);
  return { day, nth: nth === "" ? null : whole("the number in BYDAY", nth, -5, 5) };
}

/** "20270401", "20270401T180000" on the wall clock, "20270401T160000Z". */
function untilOf(text: string): End {
  if (!/^\d{8}(T\d{6}Z?)?$/.test(text)) throw new RuleError("UNTIL is a date, or a date and time");
  try {
    if (text.endsWith("Z")) return { until_at: Temporal.Instant.from(text).epochMilliseconds };
    // A date alone means the whole day.
    return { until: Temporal.PlainDateTime.from(text.length === 8 ? `${text}T235959` : text) };
  } catch {
    throw new RuleError("UNTIL names no day");
  }
}

function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text
    .replace(/^RRULE:/i, "")
    .toUpperCase()
    .split(";")) {
    const [, name, value] = /^([A-Z]+)=(.+)$/.exec(part) ?? [];
    if (name === undefined || value === undefined) throw new RuleError("A rule is NAME=value, with ; in between");
    if (parts.has(name)) throw new RuleError(`${name} stands there twice`);
    parts.set(name, value);
  }
  return parts;
}

const known: readonly string[] = ["FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL"];

/** Reads a rule. @throws RuleError with what is wrong about it, in words */
export function parseRule(text: string): Rule {
  const parts = partsOf(text);
  for (const name of parts.keys()) if (!known.includes(name)) throw new RuleError(`${name} is not supported`);
  const freq = frequencies.find((each) => each === parts.get("FREQ"));
  if (!freq) throw new RuleError("FREQ is DAILY, WEEKLY or MONTHLY");
  const by_day = parts.has("BYDAY") ? list(parts.get("BYDAY") ?? "", weekdayOf) : [];
  const by_month_day = parts.has("BYMONTHDAY")
    ? list(parts.get("BYMONTHDAY") ?? "", (part) => whole("BYMONTHDAY", part, -31, 31))
    : [];
  if (freq === "WEEKLY" && by_month_day.length > 0) throw new RuleError("BYMONTHDAY does not go with WEEKLY");
  if (freq !== "MONTHLY" && by_day.some(({ nth }) => nth !== null)) {
    throw new RuleError("A numbered weekday goes with MONTHLY only");
  }
  const [count, until] = [parts.get("COUNT"), parts.get("UNTIL")];
  if ((count === undefined) === (until === undefined)) throw new RuleError("COUNT or UNTIL is needed, one of them");
  const end = until === undefined ? { count: whole("COUNT", count ?? "", 1, MAX_INSTANCES) } : untilOf(until);
  return { freq, interval: whole("INTERVAL", parts.get("INTERVAL") ?? "1", 1, 1_000), by_day, by_month_day, end };
}

const isMonthDay = (days: readonly number[], date: Temporal.PlainDate): boolean =>
  days.some((day) => (day > 0 ? day === date.day : date.daysInMonth + 1 + day === date.day));

const isWeekday = (days: readonly Weekday[], date: Temporal.PlainDate): boolean =>
  days.some(({ day, nth }) => {
    if (day !== date.dayOfWeek) return false;
    if (nth === null) return true;
    return nth > 0 ? Math.ceil(date.day / 7) === nth : Math.ceil((date.daysInMonth - date.day + 1) / 7) === -nth;
  });

/** The days of a rule within the period that begins at `from`: a day, a week from Monday, a month. */
function daysIn(rule: Rule, from: Temporal.PlainDate, start: Temporal.PlainDate): Temporal.PlainDate[] {
  const { freq, by_day, by_month_day } = rule;
  const length = freq === "DAILY" ? 1 : freq === "WEEKLY" ? 7 : from.daysInMonth;
  const days = Array.from({ length }, (_, index) => from.add({ days: index }));
  const hasNone = by_day.length === 0 && by_month_day.length === 0;
  return days.filter((date) => {
    if (hasNone && freq === "WEEKLY") return date.dayOfWeek === start.dayOfWeek;
    if (hasNone && freq === "MONTHLY") return date.day === start.day;
    const isDay = by_day.length === 0 || isWeekday(by_day, date);
    return isDay && (by_month_day.length === 0 || isMonthDay(by_month_day, date));
  });
}

/** The period that holds the first day, and how far the next one is. */
function periodsOf({ freq, interval }: Rule, start: Temporal.PlainDate) {
  if (freq === "DAILY") return { first: start, step: { days: interval } };
  if (freq === "WEEKLY") return { first: start.subtract({ days: start.dayOfWeek - 1 }), step: { weeks: interval } };
  return { first: start.with({ day: 1 }), step: { months: interval } };
}

/** The instant that a moment on a zone's wall clock means. */
export const instantOf = (local: Temporal.PlainDateTime, timezone: string): number =>
  local.toZonedDateTime(timezone, { disambiguation: "compatible" }).epochMilliseconds;

/** The wall clock of a zone at an instant. */
export const wallClock = (at: number, timezone: string): Temporal.PlainDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone).toPlainDateTime();

/** One booking of a series: its moment on the wall clock, and when that is. */
export interface Instance extends Interval {
  local_start: Temporal.PlainDateTime;
}

const isPast = (end: End, local: Temporal.PlainDateTime, at: number): boolean =>
  "until_at" in end ? at > end.until_at : "until" in end && Temporal.PlainDateTime.compare(local, end.until) > 0;

/**
 * The instances of a series in order. The first is the first day of the rule on or after `local_start`.
 * @throws RuleError when there is none, or more than MAX_INSTANCES
 */
export function instancesOf(
  rule: Rule,
  local_start: Temporal.PlainDateTime,
  timezone: string,
  duration_minutes: number,
): Instance[] {
  const start = local_start.toPlainDate();
  const { first, step } = periodsOf(rule, start);
  const beyond = start.add({ years: LONGEST_YEARS });
  const found: Instance[] = [];
  for (let round = 0; ; round++) {
    // From the first period each time: a month added to the 31st would stay on the 28th.
    const period = first.add(scaled(step, round));
    if (Temporal.PlainDate.compare(period, beyond) > 0) break;
    for (const day of daysIn(rule, period, start)) {
      if (Temporal.PlainDate.compare(day, start) < 0) continue;
      const local = day.toPlainDateTime(local_start.toPlainTime());
      const starts_at = instantOf(local, timezone);
      if (isPast(rule.end, local, starts_at)) return atLeastOne(found);
      if (found.length === MAX_INSTANCES) throw new RuleError(`A series has at most ${MAX_INSTANCES} bookings`);
      found.push({ local_start: local, starts_at, ends_at: starts_at + duration_minutes * 60_000 });
      if ("count" in rule.end && found.length === rule.end.count) return found;
    }
  }
  return atLeastOne(found);
}

const scaled = (step: { days?: number; weeks?: number; months?: number }, by: number): Temporal.DurationLike =>
  Object.fromEntries(Object.entries(step).map(([unit, size]) => [unit, size * by]));

function atLeastOne(found: Instance[]): Instance[] {
  if (found.length === 0) throw new RuleError("The rule names no day");
  return found;
}

/** The same rule, ending with the instance that begins at this moment of the wall clock. */
export function endingWith(text: string, last: Temporal.PlainDateTime): string {
  const parts = partsOf(text);
  parts.delete("COUNT");
  parts.set("UNTIL", last.toString({ smallestUnit: "second" }).replaceAll(/[-:]/g, ""));
  return [...parts].map(([name, value]) => `${name}=${value}`).join(";");
}

/** "2027-03-14T18:00" */
export const localText = (local: Temporal.PlainDateTime): string => local.toString({ smallestUnit: "minute" });
