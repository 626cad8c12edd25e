import { expect, describe as group, it } from "vitest";
import type { MachineStatus } from "../../../src/modules/equipment/live.ts";
import type { Wall } from "../../../web/src/tablet/clock.ts";
import {
  ageWords,
  describe,
  linkWords,
  pairingTrouble,
  upcomingLine,
  upcomingOf,
} from "../../../web/src/tablet/wording.ts";
import { MINUTE, machine, NOW, slot } from "./fixtures.ts";

const wall: Wall = { timezone: "Europe/Berlin", hour12: false };
const say = (rest: Parameters<typeof machine>[0], now = NOW) => describe(machine(rest), now, wall);

group("a machine's state in words", () => {
  it("is free, and until when", () => {
    const next = slot(30, 90);
    expect(say({ next, upcoming: [next] })).toMatchObject({
      word: "Free",
      tone: "free",
      line: "Until 14:30",
      countdown: { left: "30:00", label: "until the next booking", glance: "30 min" },
    });
    expect(say({})).toMatchObject({ line: "No bookings for 24 hours", countdown: null });
  });

  it("is in use: by whom, until when, how long still", () => {
    const now = slot(-30, 90, { kind: "session", status: "active" });
    expect(say({ status: "in_use", now })).toMatchObject({
      word: "In use",
      tone: "busy",
      line: "Meera until 15:30",
      countdown: { left: "1 h 30 min", label: "left", passed: 0.25 },
    });
  });

  it("names nobody who must not be named", () => {
    const now = slot(-30, 30, { holder: null });
    expect(say({ status: "reserved", now }).line).toBe("Until 14:30");
    expect(say({ status: "overrun", now }, NOW + 40 * MINUTE).line).toBe("Somebody had it until 14:30");
    expect(upcomingLine(now, NOW, wall).who).toBe("Booked");
  });

  it("says that time is up, and never counts below zero", () => {
    const now = slot(-60, 0, { kind: "session", status: "active" });
    for (const late of [0, 1, 30_000, 600_000])
      expect(say({ status: "in_use", now }, NOW + late).countdown).toMatchObject({ left: "Time is up", passed: 1 });
    const next = slot(0, 60);
    expect(say({ next, upcoming: [next] }).countdown?.left).toBe("Starting now");
  });

  it("says how long a session has gone on past its end", () => {
    const now = slot(-60, 0, { kind: "session", status: "active" });
    expect(say({ status: "overrun", now }, NOW + 12 * MINUTE)).toMatchObject({
      word: "Over time",
      tone: "over",
      countdown: { left: "12 min", label: "past the end", glance: "+12 min" },
    });
    expect(say({ status: "overrun", now }, NOW + 5_000).countdown?.left).toBe("Time is up");
  });

  it("gives every status a word of its own", () => {
    const all: MachineStatus[] = [
      "available",
      "reserved",
      "in_use",
      "overrun",
      "under_maintenance",
      "offline",
      "retired",
    ];
    const words = all.map((status) => say({ status }).word);
    expect(new Set(words).size).toBe(all.length);
  });

  it("says tomorrow where it means tomorrow", () => {
    const now = slot(-30, 14 * 60);
    expect(say({ status: "in_use", now }).line).toBe("Meera until tomorrow 04:00");
  });
});

group("what is next", () => {
  it("leaves out what is over by now, as it may be while offline", () => {
    const upcoming = [slot(10, 20), slot(30, 60)];
    expect(upcomingOf(machine({ upcoming }), NOW + 25 * MINUTE)).toEqual([upcoming[1]]);
  });

  it("shows time, person, and what waits for approval", () => {
    expect(upcomingLine(slot(30, 90, { status: "pending" }), NOW, wall)).toMatchObject({
      time: "14:30 – 15:30",
      who: "Meera",
      note: "to be confirmed",
    });
  });
});

group("the connection and troubles", () => {
  it("says since when it is offline, on the makerspace's wall", () => {
    expect(linkWords({ name: "offline", since: NOW - 5 * MINUTE }, NOW, wall)).toBe("Offline since 13:55");
    expect(ageWords(5 * MINUTE)).toBe("Last known 5 min ago");
  });

  it("says what to do when a pairing fails", () => {
    expect(pairingTrouble({ ok: false, why: "not_valid" })).toContain("Ask the staff for a new one");
    expect(pairingTrouble({ ok: false, why: "too_many", seconds: 90 })).toContain("Wait 1 min");
    expect(pairingTrouble({ ok: false, why: "offline" })).toContain("network");
  });
});
