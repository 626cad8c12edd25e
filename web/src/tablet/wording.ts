/** What the tablet says, in one place: a machine's state in words, tone and countdown. Pure. */

import type { LiveSlot, MachineState, MachineStatus } from "../../../src/modules/equipment/live.ts";
import type { PairResult } from "./api.ts";
import { countdown, glance, lengthWords, timeOfDay, type Wall, when } from "./clock.ts";
import type { Link } from "./session.ts";

/** Each status has a word, a colour and a shape; none of them stands alone. */
export type Tone = "free" | "reserved" | "busy" | "over" | "care" | "out";

const statuses: Record<MachineStatus, { word: string; tone: Tone }> = {
  available: { word: "Free", tone: "free" },
  reserved: { word: "Reserved", tone: "reserved" },
  in_use: { word: "In use", tone: "busy" },
  overrun: { word: "Over time", tone: "over" },
  under_maintenance: { word: "Maintenance", tone: "care" },
  offline: { word: "Out of service", tone: "out" },
  out_of_service: { word: "Out of service", tone: "care" },
  retired: { word: "Removed", tone: "out" },
};

/** The large figure: what it counts to, and what is left; `left` is a word once nothing is. */
export interface Countdown {
  label: string;
  left: string;
  /** The same without ticking seconds, for a board. */
  glance: string;
  /** How much of the slot has passed, 0 to 1; null when there is nothing to measure. */
  passed: number | null;
}

export interface Description {
  word: string;
  tone: Tone;
  /** Who has it until when, or what a free machine waits for. */
  line: string;
  countdown: Countdown | null;
}

const starts = (slot: LiveSlot): number => Date.parse(slot.starts_at);
const ends = (slot: LiveSlot): number => Date.parse(slot.ends_at);

/** What is ahead, soonest first; slots that are over by this clock are left out, as they may be while offline. */
export const upcomingOf = (state: MachineState, now: number): LiveSlot[] => {
  const { next, upcoming } = state;
  // Who waits for a machine that is still in use is next, though their slot has begun.
  const isFirst = next === null || upcoming[0]?.starts_at === next.starts_at;
  const known = isFirst ? upcoming : [next, ...upcoming];
  return known.filter((slot) => ends(slot) > now);
};

const toEnd = (slot: LiveSlot, now: number): Countdown => {
  const share = (now - starts(slot)) / (ends(slot) - starts(slot));
  return {
    label: countdown(ends(slot), now) ? "left" : "",
    left: countdown(ends(slot), now) ?? "Time is up",
    glance: glance(ends(slot), now) ?? "time is up",
    passed: Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : null,
  };
};

const toStart = (slot: LiveSlot, now: number): Countdown => ({
  label: countdown(starts(slot), now) ? "until the next booking" : "",
  left: countdown(starts(slot), now) ?? "Starting now",
  glance: glance(starts(slot), now) ?? "starting now",
  passed: null,
});

const beyond = (slot: LiveSlot, now: number): Countdown => {
  const over = now - ends(slot);
  const length = over < 60_000 ? null : lengthWords(over);
  return {
    label: length ? "past the end" : "",
    left: length ?? "Time is up",
    glance: length ? `+${length}` : "time is up",
    passed: 1,
  };
};

const holds = (slot: LiveSlot, now: number, wall: Wall): string =>
  `${slot.holder ? `${slot.holder} until` : "Until"} ${when(ends(slot), now, wall)}`;

const held = (slot: LiveSlot, now: number, wall: Wall): string =>
  `${slot.holder ?? "Somebody"} had it until ${when(ends(slot), now, wall)}`;

const body = (state: MachineState, now: number, wall: Wall): Pick<Description, "line" | "countdown"> => {
  const slot = state.now;
  const next = upcomingOf(state, now)[0];
  switch (state.status) {
    case "available":
      if (!next) return { line: "No bookings for 24 hours", countdown: null };
      return { line: `Until ${when(starts(next), now, wall)}`, countdown: toStart(next, now) };
    case "reserved":
    case "in_use":
      return slot
        ? { line: holds(slot, now, wall), countdown: toEnd(slot, now) }
        : { line: "Somebody has it now", countdown: null };
    case "overrun":
      return slot
        ? { line: held(slot, now, wall), countdown: beyond(slot, now) }
        : { line: "The booked time is over", countdown: null };
    case "under_maintenance":
      return { line: "Please leave it off", countdown: null };
    case "offline":
      return { line: "Please ask the staff", countdown: null };
    case "out_of_service": {
      const back = state.out_until === null ? null : Date.parse(state.out_until);
      return { line: back === null ? "Please leave it off" : `Back ${when(back, now, wall)}`, countdown: null };
    }
    case "retired":
      return { line: "This machine is no longer here", countdown: null };
  }
};

/**
 * A machine's state as the tablet says it.
 * @param now the server's clock, epoch ms
 */
export const describe = (state: MachineState, now: number, wall: Wall): Description => ({
  ...statuses[state.status],
  ...body(state, now, wall),
});

/** What is said of a machine that is not known, or not any more. */
export const removed: Description = { ...statuses.retired, line: "This machine is no longer here", countdown: null };

/** One line of what is next: its time, whose it is, and what is special about it. */
export interface UpcomingLine {
  key: string;
  time: string;
  who: string;
  note: string | null;
}

export const upcomingLine = (slot: LiveSlot, now: number, wall: Wall): UpcomingLine => ({
  key: `${slot.starts_at}/${slot.ends_at}`,
  time: `${when(starts(slot), now, wall)} – ${timeOfDay(ends(slot), wall)}`,
  who: slot.holder ?? "Booked",
  note: slot.status === "pending" ? "to be confirmed" : null,
});

/** The connection in a word or two. `now` is the server's clock. */
export const linkWords = (link: Link, now: number, wall: Wall): string => {
  if (link.name === "live") return "Live";
  return link.name === "reconnecting" ? "Reconnecting" : `Offline since ${when(link.since, now, wall)}`;
};

/** Said beside a state that may be out of date. */
export const ageWords = (heardAgo: number): string => `Last known ${lengthWords(heardAgo)} ago`;

/** What went wrong with a pairing, and what to do. */
export const pairingTrouble = (result: Exclude<PairResult, { ok: true }>): string => {
  switch (result.why) {
    case "not_valid":
      return "This code is not valid any more, or was mistyped. Each code works once, for ten minutes. Ask the staff for a new one.";
    case "too_many":
      return `Too many tries. Wait ${lengthWords(result.seconds * 1_000)}, then try again.`;
    case "offline":
      return "The server cannot be reached. Check the network of this tablet, then try again.";
    case "failed":
      return "Something went wrong on the server. Try again in a moment.";
  }
};
