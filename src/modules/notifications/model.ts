/** What members want to be told, on which channel, and when a mail may go. Pure. */

import { Temporal } from "temporal-polyfill";
import { HOUR, MINUTE } from "../../platform/time.ts";
import { type NotificationTypeName, typeOf } from "./catalogue.ts";
import type { Category } from "./kinds.ts";

/** hidden: asked for as mail alone, so it is in no list. */
export const notificationStates = ["unread", "read", "archived", "hidden"] as const;
export type NotificationState = (typeof notificationStates)[number];

export const digests = ["off", "daily", "weekly"] as const;
export type Digest = (typeof digests)[number];

export const channels = ["in_app", "email"] as const;
export type Channel = (typeof channels)[number];

/** What a member said about one category or type; what is missing was not said. */
export type Choice = Partial<Record<Channel, boolean>>;

/** What a member wants. */
export interface Preferences {
  categories: Partial<Record<Category, Choice>>;
  types: Partial<Record<NotificationTypeName, Choice>>;
  /** Wall clock of the member; over midnight when `from` is later. */
  quiet_hours: { from: string; to: string } | null;
  digest: Digest;
}

export const noPreferences: Preferences = { categories: {}, types: {}, quiet_hours: null, digest: "off" };

/** The channels of a type for one member: what was said of the type, else of its category, else the default. */
export function channelsFor(name: NotificationTypeName, { categories, types }: Preferences): Record<Channel, boolean> {
  const { category, mailed, required } = typeOf(name);
  const [ofType, ofCategory] = [types[name], categories[category]];
  return {
    in_app: required === true || (ofType?.in_app ?? ofCategory?.in_app ?? true),
    email: ofType?.email ?? ofCategory?.email ?? mailed,
  };
}

/** Something that begins this soon is told at once. */
const SOON = 2 * HOUR;
/** When digests go out, on the member's wall clock; weekly ones on Monday. */
const DIGEST_AT = "08:00";

const wall = (instant: number, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);

/** The next time that a wall clock shows `time`, after now; with `weekday` (1 is Monday) on that day. */
function nextAt(now: number, zone: string, time: string, weekday?: number): number {
  const today = wall(now, zone).toPlainDate();
  for (let days = 0; ; days += 1) {
    const date = today.add({ days });
    const at = date.toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds;
    if (at > now && (weekday === undefined || date.dayOfWeek === weekday)) return at;
  }
}

const isQuiet = (now: number, zone: string, { from, to }: { from: string; to: string }): boolean => {
  const time = wall(now, zone).toPlainTime().toString({ smallestUnit: "minute" });
  return from <= to ? from <= time && time < to : from <= time || time < to;
};

/** When somebody who is told now should have answered: after `minutes`, which do not run out in their quiet hours but begin anew after them. */
export function answerTime({ quiet_hours }: Preferences, zone: string, now: number, minutes: number): number {
  const at = now + minutes * MINUTE;
  return quiet_hours && isQuiet(at, zone, quiet_hours) ? nextAt(at, zone, quiet_hours.to) + minutes * MINUTE : at;
}

/**
 * When the mail of a notification goes: null is at once. Quiet hours put it off to their end, a digest to its hour; urgent things, and what
 * begins within two hours, wait for neither. Times are epoch milliseconds.
 */
export function mailWaitsUntil(
  name: NotificationTypeName,
  data: Readonly<Record<string, unknown>>,
  { quiet_hours, digest }: Preferences,
  zone: string,
  now: number,
): number | null {
  const { starts_at } = data;
  const isSoon = typeof starts_at === "number" && starts_at > now && starts_at - now <= SOON;
  if (typeOf(name).urgent || isSoon) return null;
  const digestAt = digest === "off" ? null : nextAt(now, zone, DIGEST_AT, digest === "weekly" ? 1 : undefined);
  const from = digestAt ?? now;
  if (quiet_hours && isQuiet(from, zone, quiet_hours)) return nextAt(from, zone, quiet_hours.to);
  return digestAt;
}
