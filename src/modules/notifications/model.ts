/** What there is to tell, to whom it matters how much, and when a mail may go. Pure. */

import { Temporal } from "temporal-polyfill";
import { HOUR } from "../../platform/time.ts";

/** hidden: asked for as mail alone, so it is in no list. */
export const notificationStates = ["unread", "read", "archived", "hidden"] as const;
export type NotificationState = (typeof notificationStates)[number];

export const digests = ["off", "daily", "weekly"] as const;
export type Digest = (typeof digests)[number];

export const categories = [
  "booking",
  "membership",
  "machine",
  "waitlist",
  "safety",
  "account",
  "announcement",
  "system",
] as const;
export type Category = (typeof categories)[number];

export const channels = ["in_app", "email"] as const;
export type Channel = (typeof channels)[number];

/** One kind of notification. */
export interface NotificationType {
  category: Category;
  /** Who is told, in words. */
  tells: string;
  /** What happened, as the subject of a mail and the first line in a list. */
  title: string;
  /** Whether it is mailed to those who said nothing about it; the inbox has everything. */
  mailed: boolean;
  /** Neither quiet hours nor a digest keep it waiting. */
  urgent?: true;
  /** Nobody can keep it out of their inbox. */
  required?: true;
}

/** Every type there is. Who is told is said again, as code, in consumers.ts. */
export const catalogue = {
  "reservation.created": { category: "booking", tells: "the holder", title: "Your booking was made", mailed: false },
  "reservation.approved": {
    category: "booking",
    tells: "the holder",
    title: "Your booking was approved",
    mailed: true,
  },
  "reservation.rejected": {
    category: "booking",
    tells: "the holder",
    title: "Your booking was declined",
    mailed: true,
  },
  "reservation.cancelled": {
    category: "booking",
    tells: "the holder",
    title: "Your booking was cancelled",
    mailed: true,
  },
  "reservation.expired": { category: "booking", tells: "the holder", title: "Your booking has lapsed", mailed: true },
  "reservation.amended": { category: "booking", tells: "the holder", title: "Your booking was changed", mailed: true },
  "reservation.no_show": { category: "booking", tells: "the holder", title: "You missed your booking", mailed: true },
  "reservation.excused": {
    category: "booking",
    tells: "the holder",
    title: "Your missed booking was excused",
    mailed: false,
  },
  "reservation.starts_soon": {
    category: "booking",
    tells: "the holder, two hours ahead",
    title: "Your booking starts soon",
    mailed: true,
    urgent: true,
  },
  "session.ends_soon": {
    category: "machine",
    tells: "who uses the machine, ten minutes ahead",
    title: "Your session ends soon",
    mailed: false,
    urgent: true,
  },
  "session.overrun": {
    category: "machine",
    tells: "who runs over, and who is next",
    title: "A session runs over its time",
    mailed: false,
    urgent: true,
  },
  "session.of_suspended": {
    category: "safety",
    tells: "administrators, desk and safety",
    title: "A suspended member is still at a machine",
    mailed: true,
    urgent: true,
    required: true,
  },
  "session.ended_for_suspended": {
    category: "safety",
    tells: "administrators, desk and safety",
    title: "A suspended member's session was ended: look whether the machine still runs",
    mailed: true,
    urgent: true,
    required: true,
  },
  "equipment.down": {
    category: "machine",
    tells: "holders of bookings in the next seven days",
    title: "A machine that you booked is down",
    mailed: true,
    urgent: true,
  },
  "member.reactivated": {
    category: "account",
    tells: "the member",
    title: "Your membership is active again",
    mailed: true,
    required: true,
  },
  "membership.applied": {
    category: "membership",
    tells: "administrators and the desk",
    title: "Somebody applies for a plan",
    mailed: true,
  },
  "membership.declined": {
    category: "membership",
    tells: "the member",
    title: "Your application was declined",
    mailed: true,
  },
  "membership.started": {
    category: "membership",
    tells: "the member",
    title: "Your membership has begun",
    mailed: true,
  },
  "membership.renewed": {
    category: "membership",
    tells: "the member",
    title: "Your membership was renewed",
    mailed: true,
  },
  "membership.changed": {
    category: "membership",
    tells: "the member",
    title: "Your plan has changed",
    mailed: true,
  },
  "membership.change_planned": {
    category: "membership",
    tells: "the member",
    title: "Your plan will change",
    mailed: false,
  },
  "membership.continued": {
    category: "membership",
    tells: "the member",
    title: "Your membership goes on as it is",
    mailed: false,
  },
  "membership.paused": {
    category: "membership",
    tells: "the member",
    title: "Your membership is paused",
    mailed: true,
  },
  "membership.resumed": {
    category: "membership",
    tells: "the member",
    title: "Your membership goes on",
    mailed: false,
  },
  "membership.cancelled": {
    category: "membership",
    tells: "the member",
    title: "Your membership ends",
    mailed: true,
  },
  "membership.expired": {
    category: "membership",
    tells: "the member",
    title: "Your membership has expired",
    mailed: true,
  },
  "announcement.published": {
    category: "announcement",
    tells: "those whom it concerns",
    title: "An announcement",
    mailed: false,
  },
  "webhook.disabled": {
    category: "system",
    tells: "administrators",
    title: "A webhook was switched off: its receiver takes nothing",
    mailed: true,
    required: true,
  },
  "member.approved": {
    category: "account",
    tells: "the member",
    title: "Your membership was approved",
    mailed: true,
    required: true,
  },
  "member.joined": {
    category: "membership",
    tells: "administrators",
    title: "Somebody asks to become a member",
    mailed: false,
  },
  "guest.arrived": {
    category: "account",
    tells: "the host",
    title: "Your guest has arrived",
    mailed: false,
    urgent: true,
  },
  "guardian.named": {
    category: "account",
    tells: "the guardian",
    title: "You are the guardian of a member who needs your consent",
    mailed: true,
    required: true,
  },
  "guardian_consent.given": {
    category: "account",
    tells: "the minor",
    title: "Your guardian has consented",
    mailed: true,
  },
  "guardian_consent.withdrawn": {
    category: "account",
    tells: "the minor",
    title: "Your guardian's consent was withdrawn",
    mailed: true,
    required: true,
  },
  "document.verified": {
    category: "account",
    tells: "the member",
    title: "Your document was verified",
    mailed: false,
  },
  "document.rejected": {
    category: "account",
    tells: "the member",
    title: "Your document was rejected",
    mailed: true,
    required: true,
  },
  "document.expiring": {
    category: "account",
    tells: "the member",
    title: "Your document ends soon: hand in another",
    mailed: true,
    required: true,
  },
  "document.expired": {
    category: "account",
    tells: "the member",
    title: "Your document has ended",
    mailed: true,
    required: true,
  },
  "projection.orphans_found": {
    category: "system",
    tells: "administrators",
    title: "Bookings were found that no machine knows",
    mailed: true,
    required: true,
  },
  "audit.broken": {
    category: "system",
    tells: "administrators",
    title: "The audit is not what was sealed: a link of its chain is broken",
    mailed: true,
    required: true,
  },
} as const satisfies Record<string, NotificationType>;

export type NotificationTypeName = keyof typeof catalogue;
export const typeNames = Object.keys(catalogue) as [NotificationTypeName, ...NotificationTypeName[]];
export const typeOf = (name: NotificationTypeName): NotificationType => catalogue[name];
export const isType = (name: string): name is NotificationTypeName => name in catalogue;

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
