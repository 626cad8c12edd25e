/** The wall clock of one IANA zone. Pure; offsets are remembered per UTC day, because Intl is slow and the answer rarely changes. */

import { DAY, MINUTE } from "./time.ts";

const MAX_DAYS = 2_000;

export class Zone {
  readonly #format: Intl.DateTimeFormat;
  /** UTC day → its offset in ms, or null on a day whose offset changes. */
  readonly #days = new Map<number, number | null>();

  /** @throws RangeError for a zone this runtime does not know. */
  constructor(readonly name: string) {
    this.#format = new Intl.DateTimeFormat("en", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  /** What to add to UTC at this instant to read the wall clock, in ms. */
  offset(at: number): number {
    const day = Math.floor(at / DAY);
    let known = this.#days.get(day);
    if (known === undefined) {
      const morning = this.#exactOffset(day * DAY);
      known = morning === this.#exactOffset((day + 1) * DAY) ? morning : null;
      if (this.#days.size >= MAX_DAYS) this.#days.clear();
      this.#days.set(day, known);
    }
    return known ?? this.#exactOffset(at);
  }

  /** Milliseconds on the wall clock since local midnight. */
  sinceMidnight(at: number): number {
    const local = at + this.offset(at);
    return local - Math.floor(local / DAY) * DAY;
  }

  /** Whole minutes that are a multiple of `minutes` since local midnight. */
  isOnGrid(at: number, minutes: number): boolean {
    return this.sinceMidnight(at) % (minutes * MINUTE) === 0;
  }

  /** The local date, as a number of days. */
  day(at: number): number {
    return Math.floor((at + this.offset(at)) / DAY);
  }

  /** The next local midnight. */
  endOfDay(at: number): number {
    const midnight = (this.day(at) + 1) * DAY;
    const guess = midnight - this.offset(at);
    return midnight - this.offset(guess);
  }

  #exactOffset(at: number): number {
    const read: Record<string, number> = {};
    for (const part of this.#format.formatToParts(at)) read[part.type] = Number(part.value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = read;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000;
  }
}
