import { describe, expect, it } from "vitest";
import {
  countdown,
  dateWords,
  glance,
  lengthWords,
  reckonOffset,
  ribbon,
  timeOfDay,
  type Wall,
  when,
} from "../../../web/src/tablet/clock.ts";

const berlin: Wall = { timezone: "Europe/Berlin", hour12: false };
const kolkata: Wall = { timezone: "Asia/Kolkata", hour12: true };
const at = (iso: string) => Date.parse(iso);

describe("the wall clock", () => {
  it("shows the makerspace's time, whatever zone the device is in", () => {
    expect(timeOfDay(at("2026-11-22T13:05:00Z"), berlin)).toBe("14:05");
    expect(timeOfDay(at("2026-11-22T13:05:00Z"), kolkata)).toBe("6:35 pm");
  });

  it("writes midnight as 00:00, not as 24:00", () => {
    expect(timeOfDay(at("2026-11-21T23:00:00Z"), berlin)).toBe("00:00");
  });

  it("names the day in the makerspace's zone", () => {
    expect(dateWords(at("2026-11-22T23:30:00Z"), berlin)).toBe("Monday 23 November");
  });
});

describe("when", () => {
  const now = at("2026-11-22T13:00:00Z");

  it.each([
    ["2026-11-22T15:30:00Z", "16:30"],
    ["2026-11-22T23:30:00Z", "tomorrow 00:30"],
    ["2026-11-24T08:00:00Z", "Tue 09:00"],
    ["2026-12-03T08:00:00Z", "3 Dec 09:00"],
    ["2026-11-21T08:00:00Z", "21 Nov 09:00"],
  ])("says %s as %s", (instant, words) => {
    expect(when(at(instant), now, berlin)).toBe(words);
  });

  it("counts days on the calendar, also over the change of the clocks", () => {
    expect(when(at("2026-10-25T08:00:00Z"), at("2026-10-24T21:59:00Z"), berlin)).toBe("tomorrow 09:00");
  });
});

describe("a countdown", () => {
  it.each([
    [90 * 60_000, "1 h 30 min"],
    [60 * 60_000, "1 h"],
    [60 * 60_000 - 1_000, "59:59"],
    [61_000, "1:01"],
    [60_000 - 1, "1:00"],
    [1, "0:01"],
  ])("shows %d ms as %s", (left, text) => {
    expect(countdown(left, 0)).toBe(text);
  });

  it("never turns negative: at zero and after there is nothing left to show", () => {
    for (const now of [0, 1, 999, 1_000, 86_400_000]) expect(countdown(0, now)).toBeNull();
    expect(glance(0, 0)).toBeNull();
    expect(glance(0, 5_000)).toBeNull();
  });

  it("counts whole minutes and then half hours for a board", () => {
    expect(glance(1, 0)).toBe("1 min");
    expect(glance(24 * 60_000 - 1, 0)).toBe("24 min");
    expect(glance(99 * 60_000, 0)).toBe("99 min");
    expect(glance(125 * 60_000, 0)).toBe("2 h");
    expect(glance(140 * 60_000, 0)).toBe("2.5 h");
  });
});

describe("lengths", () => {
  it.each([
    [-5, "0 s"],
    [40_000, "40 s"],
    [5 * 60_000, "5 min"],
    [3_600_000, "1 h"],
    [47 * 3_600_000, "47 h"],
    [50 * 3_600_000, "2 days"],
  ])("says %d ms as %s", (length, words) => {
    expect(lengthWords(length)).toBe(words);
  });
});

describe("the server's clock", () => {
  const server = (ms: number) => new Date(ms).toISOString();

  it("is the device's plus what the messages say", () => {
    expect(reckonOffset(null, server(10_000), 4_000)).toBe(6_000);
  });

  it("believes the message that came fastest", () => {
    expect(reckonOffset(6_000, server(10_000), 5_200)).toBe(6_000);
    expect(reckonOffset(6_000, server(10_000), 3_900)).toBe(6_100);
  });

  it("follows a device whose clock was set", () => {
    expect(reckonOffset(6_000, server(10_000), 10_000)).toBe(0);
  });

  it("ignores a time that cannot be read", () => {
    expect(reckonOffset(6_000, "soon", 10_000)).toBe(6_000);
  });
});

describe("the ribbon of the day", () => {
  it("begins with the wall's hour and marks each following one", () => {
    const { starts_at, ends_at, ticks } = ribbon(at("2026-11-22T13:40:20Z"), 8, berlin);
    expect(starts_at).toBe(at("2026-11-22T13:00:00Z"));
    expect(ends_at - starts_at).toBe(8 * 3_600_000);
    expect(ticks.map((tick) => tick.text).slice(0, 3)).toEqual(["14:00", "15:00", "16:00"]);
  });

  it("knows zones that are half an hour off", () => {
    const { starts_at, ticks } = ribbon(at("2026-11-22T13:05:00Z"), 8, kolkata);
    expect(starts_at).toBe(at("2026-11-22T12:30:00Z"));
    expect(ticks[0]?.text).toBe("6 pm");
  });
});
