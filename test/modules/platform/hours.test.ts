/** Opening hours on a wall clock that jumps: what is open when. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  closedWithin,
  isOpenAt,
  isOpenDuring,
  nextOpening,
  openUntil,
  sinceMidnight,
  stretches,
  type WeeklyWindows,
  weekdays,
} from "../../../src/platform/settings/hours.ts";
import { WeeklyWindows as Schema } from "../../../src/platform/settings/windows.ts";
import { DAY, HOUR, MINUTE } from "../../../src/platform/time.ts";
import { Zone } from "../../../src/platform/zone.ts";

const berlin = new Zone("Europe/Berlin");
const at = (text: string): number => Date.parse(text);
const nine = { from: "09:00", to: "18:00" };
const office: WeeklyWindows = { mon: [nine], tue: [nine], wed: [nine], thu: [nine], fri: [nine] };
const always: WeeklyWindows = Object.fromEntries(weekdays.map((day) => [day, [{ from: "00:00", to: "24:00" }]]));

describe("weekly windows over the wire", () => {
  const accepts = (value: unknown): boolean => Schema.safeParse(value).success;

  it("are sorted, do not overlap, and may touch and end at midnight", () => {
    expect(accepts({})).toBe(true);
    expect(accepts({ mon: [], sun: [{ from: "22:00", to: "24:00" }] })).toBe(true);
    expect(
      accepts({
        mon: [
          { from: "09:00", to: "12:00" },
          { from: "12:00", to: "18:00" },
        ],
      }),
    ).toBe(true);
    expect(
      accepts({
        mon: [
          { from: "12:00", to: "18:00" },
          { from: "09:00", to: "12:00" },
        ],
      }),
    ).toBe(false);
    expect(
      accepts({
        mon: [
          { from: "09:00", to: "12:00" },
          { from: "11:59", to: "18:00" },
        ],
      }),
    ).toBe(false);
  });

  it("refuse what is no time, ends before it starts, or names no day", () => {
    for (const [from, to] of [
      ["9:00", "18:00"],
      ["09:00", "24:01"],
      ["24:00", "24:00"],
      ["18:00", "09:00"],
      ["09:00", "09:00"],
    ]) {
      expect(accepts({ mon: [{ from, to }] })).toBe(false);
    }
    expect(accepts({ monday: [nine] })).toBe(false);
    expect(accepts({ mon: [{ ...nine, note: "x" }] })).toBe(false);
  });
});

describe("what is open when", () => {
  it("follows the wall clock in summer and winter", () => {
    expect(isOpenAt(office, berlin, at("2026-01-12T08:00:00Z"))).toBe(true);
    expect(isOpenAt(office, berlin, at("2026-01-12T07:59:59Z"))).toBe(false);
    expect(isOpenAt(office, berlin, at("2026-07-13T07:00:00Z"))).toBe(true);
    expect(isOpenAt(office, berlin, at("2026-07-13T16:00:00Z"))).toBe(false);
    expect(isOpenAt(office, berlin, at("2026-01-11T10:00:00Z"))).toBe(false);
  });

  it("is half-open: a booking may end when the windows end", () => {
    expect(isOpenDuring(office, berlin, at("2026-01-12T16:00:00Z"), at("2026-01-12T17:00:00Z"))).toBe(true);
    expect(isOpenDuring(office, berlin, at("2026-01-12T16:00:00Z"), at("2026-01-12T17:00:00.001Z"))).toBe(false);
  });

  it("goes on over midnight where windows touch, and over weeks when it never closes", () => {
    const night: WeeklyWindows = { fri: [{ from: "20:00", to: "24:00" }], sat: [{ from: "00:00", to: "04:00" }] };
    expect(isOpenDuring(night, berlin, at("2026-01-16T22:00:00Z"), at("2026-01-17T03:00:00Z"))).toBe(true);
    expect(isOpenDuring(night, berlin, at("2026-01-16T22:00:00Z"), at("2026-01-17T03:01:00Z"))).toBe(false);
    expect(isOpenDuring(always, berlin, at("2026-03-01T00:00:00Z"), at("2026-12-01T00:00:00Z"))).toBe(true);
    expect(openUntil(night, berlin, at("2026-01-16T22:00:00Z"))).toBe(at("2026-01-17T03:00:00Z"));
    expect(openUntil(always, berlin, at("2026-01-16T22:00:00Z"))).toBeNull();
  });

  it("does not open in the hour that the clocks jump over, and opens twice in the one they repeat", () => {
    const early: WeeklyWindows = { sun: [{ from: "02:15", to: "02:45" }] };
    const spring = stretches(early, berlin, at("2026-03-29T00:00:00Z"), at("2026-03-29T04:00:00Z"));
    expect(spring).toEqual([{ from: at("2026-03-29T00:00:00Z"), to: at("2026-03-29T04:00:00Z"), open: false }]);
    const autumn = stretches(early, berlin, at("2026-10-25T00:00:00Z"), at("2026-10-25T03:00:00Z"));
    expect(autumn.filter(({ open }) => open)).toEqual([
      { from: at("2026-10-25T00:15:00Z"), to: at("2026-10-25T00:45:00Z"), open: true },
      { from: at("2026-10-25T01:15:00Z"), to: at("2026-10-25T01:45:00Z"), open: true },
    ]);
  });

  it("knows the next opening, over weekends and clock changes, and that there may be none", () => {
    expect(nextOpening(office, berlin, at("2026-01-16T17:00:00Z"))).toBe(at("2026-01-19T08:00:00Z"));
    expect(nextOpening(office, berlin, at("2026-03-27T17:00:00Z"))).toBe(at("2026-03-30T07:00:00Z"));
    expect(nextOpening(office, berlin, at("2026-01-16T10:00:00Z"))).toBe(at("2026-01-16T10:00:00Z"));
    expect(nextOpening({}, berlin, at("2026-01-16T10:00:00Z"))).toBeNull();
    expect(nextOpening({ sun: [{ from: "02:15", to: "02:45" }] }, berlin, at("2026-03-23T10:00:00Z"))).toBe(
      at("2026-04-05T00:15:00Z"),
    );
  });

  it("is always open without windows", () => {
    expect(isOpenAt(null, berlin, 0)).toBe(true);
    expect(isOpenDuring(null, berlin, 0, DAY)).toBe(true);
    expect(closedWithin(null, berlin, 0, DAY)).toEqual([]);
    expect(nextOpening(null, berlin, 5)).toBe(5);
    expect(openUntil(null, berlin, 5)).toBeNull();
  });

  it("agrees with a clock that is asked minute by minute", () => {
    const clock = (minutes: number): string =>
      `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
    const day = fc
      .uniqueArray(fc.integer({ min: 0, max: 96 }), { minLength: 0, maxLength: 6 })
      .map((marks) => marks.sort((a, b) => a - b))
      .map((marks) =>
        marks.flatMap((mark, index) => {
          const next = marks[index + 1];
          return index % 2 === 0 && next !== undefined ? [{ from: clock(mark * 15), to: clock(next * 15) }] : [];
        }),
      );
    const week = fc.record(Object.fromEntries(weekdays.map((name) => [name, day])));
    const zones = ["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"].map(
      (name) => new Zone(name),
    );
    // Around the changes of clocks as well as far from them.
    const days = ["2026-03-28", "2026-10-24", "2026-04-04", "2026-10-03", "2026-03-07", "2026-06-10"].map((text) =>
      at(`${text}T00:00Z`),
    );
    fc.assert(
      fc.property(week, fc.constantFrom(...zones), fc.constantFrom(...days), (windows, zone, from) => {
        const to = from + 2 * DAY;
        const naive = (now: number): boolean => {
          const local = new Date(now + zone.offset(now));
          const name = weekdays[local.getUTCDay()] ?? "sun";
          const since = local.getUTCHours() * HOUR + local.getUTCMinutes() * MINUTE;
          return (windows[name] ?? []).some(
            (window) => sinceMidnight(window.from) <= since && since < sinceMidnight(window.to),
          );
        };
        const found = stretches(windows, zone, from, to);
        expect(found[0]?.from).toBe(from);
        expect(found.at(-1)?.to).toBe(to);
        for (let now = from; now < to; now += 15 * MINUTE) {
          const here = found.find((stretch) => stretch.from <= now && now < stretch.to);
          expect(here?.open).toBe(naive(now));
          expect(isOpenAt(windows, zone, now)).toBe(naive(now));
        }
        expect(isOpenDuring(windows, zone, from, to)).toBe(found.every(({ open }) => open));
        expect(closedWithin(windows, zone, from, to)).toEqual(found.filter(({ open }) => !open));
      }),
      { numRuns: 60 },
    );
  });
});
