/**
 * Time as people read it beside a machine: wall clock of the makerspace, countdowns, ages.
 * Pure. Instants and lengths are milliseconds unless a name says otherwise.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two readings of the server's clock that differ by more than this mean that the device's clock was set. */
const CLOCK_STEP = 5 * SECOND;

/**
 * What to add to the device's clock to get the server's. A message can only arrive late, so of two close readings the larger is nearer the truth.
 * @param previous the last offset, or null before the first message
 */
export const reckonOffset = (previous: number | null, serverTime: string, deviceNow: number): number => {
  const sample = Date.parse(serverTime) - deviceNow;
  if (Number.isNaN(sample)) return previous ?? 0;
  if (previous === null || Math.abs(sample - previous) > CLOCK_STEP) return sample;
  return Math.max(sample, previous);
};

/** Where and how times are written: an IANA zone, and whether the device's owner reads 2:30 pm or 14:30. */
export interface Wall {
  timezone: string;
  hour12: boolean;
}

/** Formats are costly to make and the page asks every second. */
const formats = new Map<string, Intl.DateTimeFormat>();

const format = (timezone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = `${timezone} ${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: timezone });
    formats.set(key, made);
  }
  return made;
};

/** "14:30" or "2:30 pm" on the makerspace's wall. */
export const timeOfDay = (instant: number, wall: Wall): string =>
  format(wall.timezone, {
    hour: wall.hour12 ? "numeric" : "2-digit",
    minute: "2-digit",
    hourCycle: wall.hour12 ? "h12" : "h23",
  }).format(instant);

/** "Sunday 22 November" on the makerspace's wall. */
export const dateWords = (instant: number, wall: Wall): string =>
  format(wall.timezone, { weekday: "long", day: "numeric", month: "long" }).format(instant).replace(",", "");

/** The wall's calendar day as a count of days, so that two instants can be compared. */
const dayNumber = (instant: number, timezone: string): number => {
  const parts = format(timezone, { year: "numeric", month: "numeric", day: "numeric" }).formatToParts(instant);
  const read = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(read("year"), read("month") - 1, read("day")) / DAY;
};

/** A time as one says it now: "14:30", "tomorrow 09:00", "Thu 09:00", "3 Dec 09:00". */
export const when = (instant: number, now: number, wall: Wall): string => {
  const days = dayNumber(instant, wall.timezone) - dayNumber(now, wall.timezone);
  const time = timeOfDay(instant, wall);
  if (days === 0) return time;
  if (days === 1) return `tomorrow ${time}`;
  if (days > 1 && days < 7) return `${format(wall.timezone, { weekday: "short" }).format(instant)} ${time}`;
  return `${format(wall.timezone, { day: "numeric", month: "short" }).format(instant)} ${time}`;
};

/** A length in two units at most: "3 days", "2 h 5 min", "24 min", "40 s". Rounds down. */
export const lengthWords = (length: number): string => {
  const ms = Math.max(0, length);
  if (ms >= 2 * DAY) return `${Math.floor(ms / DAY)} days`;
  if (ms >= HOUR) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    return minutes === 0 ? `${Math.floor(ms / HOUR)} h` : `${Math.floor(ms / HOUR)} h ${minutes} min`;
  }
  if (ms >= MINUTE) return `${Math.floor(ms / MINUTE)} min`;
  return `${Math.floor(ms / SECOND)} s`;
};

/**
 * What is left until `target`, rounded up to a second, for large figures: "1 h 24 min" from an hour on, "24:31" below. Null once it is reached: a
 * countdown never turns negative.
 */
export const countdown = (target: number, now: number): string | null => {
  const left = Math.ceil((target - now) / SECOND) * SECOND;
  if (left <= 0) return null;
  if (left >= HOUR) return lengthWords(left);
  return `${Math.floor(left / MINUTE)}:${String((left % MINUTE) / SECOND).padStart(2, "0")}`;
};

/** The same for a board that is glanced at, without ticking: "1 min" to "99 min", then hours and half hours. Null once it is reached. */
export const glance = (target: number, now: number): string | null => {
  const minutes = Math.ceil((target - now) / MINUTE);
  if (minutes <= 0) return null;
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 30) / 2} h`;
};

/** A stretch of the wall's day, and the full hours in it: what the ribbon of the day draws. */
export interface Ribbon {
  starts_at: number;
  ends_at: number;
  ticks: { at: number; text: string }[];
}

/** The ribbon that begins with the wall's current hour and covers `hours`; zones with half hours included. */
export const ribbon = (now: number, hours: number, wall: Wall): Ribbon => {
  const minute = Number(format(wall.timezone, { minute: "numeric" }).format(now));
  const starts_at = Math.floor(now / MINUTE) * MINUTE - minute * MINUTE;
  const text = (at: number) => (wall.hour12 ? timeOfDay(at, wall).replace(":00", "") : timeOfDay(at, wall));
  const ticks = Array.from({ length: hours }, (_, hour) => starts_at + hour * HOUR).map((at) => ({
    at,
    text: text(at),
  }));
  return { starts_at, ends_at: starts_at + hours * HOUR, ticks };
};
