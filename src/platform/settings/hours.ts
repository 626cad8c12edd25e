/**
 * Weekly windows on the wall clock of a zone: what is open when. Pure. An instant is open when the wall clock it shows lies in a window,
 * so a window that the clocks jump over does not open that day, and one that they repeat opens twice.
 */

import { DAY, MINUTE } from "../time.ts";
import type { Zone } from "../zone.ts";

/** In the order of `Date.getUTCDay`. */
export const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
export type Weekday = (typeof weekdays)[number];

/** "09:00" to "18:00", half-open; `to` may be "24:00". */
export interface DayWindow {
  from: string;
  to: string;
}

/** Windows by weekday, sorted and not overlapping; a day that is missing or empty is closed. */
export type WeeklyWindows = { [Day in Weekday]?: readonly DayWindow[] | undefined };

/** What is open on one local day (days since 1970-01-01), when not every week is like the other. */
export type DayPlan = (day: number) => readonly DayWindow[];

/** Days on which other windows hold, or none: `from_day` to `to_day`, both included, as days since 1970-01-01. */
export interface Exception {
  from_day: number;
  to_day: number;
  /** Empty: closed. */
  windows: readonly DayWindow[];
  title: string;
}

const ALL_DAY: readonly DayWindow[] = [{ from: "00:00", to: "24:00" }];

/** What two sets of windows of one day have in common. */
export const common = (one: readonly DayWindow[], other: readonly DayWindow[]): DayWindow[] =>
  one.flatMap((a) =>
    other.flatMap((b) => {
      // "HH:MM" sorts as time does.
      const [from, to] = [a.from > b.from ? a.from : b.from, a.to < b.to ? a.to : b.to];
      return from < to ? [{ from, to }] : [];
    }),
  );

/** Weekly windows with exceptions: a day that some of these name has what all of those allow, whatever the week says. */
export function withExceptions(
  windows: WeeklyWindows | null,
  exceptions: readonly Exception[],
): WeeklyWindows | DayPlan | null {
  if (exceptions.length === 0) return windows;
  return (day) => {
    const named = exceptions.filter(({ from_day, to_day }) => from_day <= day && day <= to_day);
    const [first, ...rest] = named;
    if (!first) return windows === null ? ALL_DAY : windowsOn(windows, day);
    return rest.reduce((open, exception) => common(open, exception.windows), first.windows);
  };
}

/** Null is always open. */
export type Hours = WeeklyWindows | DayPlan | null;

/** A stretch of time, epoch milliseconds, half-open, that is open or closed throughout. */
export interface Stretch {
  from: number;
  to: number;
  open: boolean;
}

/** "HH:MM" → milliseconds since local midnight. */
export const sinceMidnight = (clock: string): number => {
  const [hours = "0", minutes = "0"] = clock.split(":");
  return (Number(hours) * 60 + Number(minutes)) * MINUTE;
};

function windowsOn(windows: WeeklyWindows | DayPlan, day: number): readonly DayWindow[] {
  if (typeof windows === "function") return windows(day);
  // 1970-01-01 was a Thursday.
  const weekday = weekdays[(((day + 4) % 7) + 7) % 7];
  return (weekday && windows[weekday]) ?? [];
}

/** The first instant after `from`, up to `to`, at which the zone's offset is another; `to` when there is none. */
function offsetKeptUntil(zone: Zone, from: number, to: number): number {
  const offset = zone.offset(from);
  if (zone.offset(to) === offset) return to;
  let [kept, changed] = [from, to];
  while (changed - kept > 1) {
    const middle = Math.floor((kept + changed) / 2);
    if (zone.offset(middle) === offset) kept = middle;
    else changed = middle;
  }
  return changed;
}

/** What holds at an instant, and until when at least. */
function stretchAt(windows: WeeklyWindows | DayPlan, zone: Zone, at: number): Stretch {
  const now = zone.sinceMidnight(at);
  const today = windowsOn(windows, zone.day(at)).map(
    ({ from, to }) => [sinceMidnight(from), sinceMidnight(to)] as const,
  );
  const current = today.find(([from, to]) => from <= now && now < to);
  const next = today.find(([from]) => from > now);
  const boundary = current ? current[1] : next ? next[0] : DAY;
  return { from: at, to: offsetKeptUntil(zone, at, at + (boundary - now)), open: current !== undefined };
}

/** The open and closed stretches of [from, to), in order and without gaps; neighbours differ. */
export function stretches(windows: WeeklyWindows | DayPlan, zone: Zone, from: number, to: number): Stretch[] {
  const found: Stretch[] = [];
  for (let at = from; at < to; ) {
    const stretch = stretchAt(windows, zone, at);
    const end = Math.min(stretch.to, to);
    const last = found.at(-1);
    if (last?.open === stretch.open) last.to = end;
    else found.push({ ...stretch, to: end });
    at = end;
  }
  return found;
}

/** Is it open at this instant? Null means always open. */
export const isOpenAt = (windows: Hours, zone: Zone, at: number): boolean =>
  windows === null || stretchAt(windows, zone, at).open;

/** The closed parts of [from, to), in order; none when `windows` is null, which means always open. */
export const closedWithin = (windows: Hours, zone: Zone, from: number, to: number): Stretch[] =>
  windows === null ? [] : stretches(windows, zone, from, to).filter(({ open }) => !open);

/** Is it open throughout [from, to)? Stops at the first moment that is not. */
export function isOpenDuring(windows: Hours, zone: Zone, from: number, to: number): boolean {
  if (windows === null) return true;
  for (let at = from; at < to; ) {
    const stretch = stretchAt(windows, zone, at);
    if (!stretch.open) return false;
    at = stretch.to;
  }
  return true;
}

/** A week, and a day for a window that the clocks jump over. */
const LOOK_AHEAD = 15 * DAY;

/** The first instant from `at` on that is open; null when none comes within two weeks. */
export function nextOpening(windows: Hours, zone: Zone, at: number): number | null {
  if (windows === null) return at;
  for (let here = at; here < at + LOOK_AHEAD; ) {
    const stretch = stretchAt(windows, zone, here);
    if (stretch.open) return here;
    here = stretch.to;
  }
  return null;
}

/** The end of the open stretch that holds `at`; null when it is closed then, or never closes within two weeks. */
export function openUntil(windows: Hours, zone: Zone, at: number): number | null {
  if (windows === null) return null;
  let here = at;
  while (here < at + LOOK_AHEAD) {
    const stretch = stretchAt(windows, zone, here);
    if (!stretch.open) return here > at ? here : null;
    here = stretch.to;
  }
  return null;
}
