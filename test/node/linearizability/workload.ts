/** What clients ask of machines: mostly sensible, sometimes stale, sometimes not allowed, and always the same few slots. */

import { equipmentCategories, holdsSlot, type Interval } from "../../../src/modules/equipment/model.ts";
import type { Person, World } from "../../support/http/world.ts";
import type { Random } from "../support/random.ts";
import type { Booking, Kept, MachineAnswer, MachineCall, MachineCallType, MachineRules } from "./state.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export interface Client {
  person: Person;
  staff: boolean;
}

/** A machine under test, and what the clients have learnt about it so far (which may be out of date, as in life). */
export interface Subject {
  id: string;
  rules: MachineRules;
  slots: { far: Interval[]; near: Interval[] };
  known: Map<string, Booking>;
  openSession: { id: string; member_id: string } | null;
  /** By member: what was last kept for them. */
  holds: Map<string, Kept>;
}

/** How often each kind of call is chosen. */
export type Mix = Readonly<Record<MachineCallType, number>>;

const early: Mix = {
  reserve: 24,
  move: 20,
  cancel: 20,
  approve: 9,
  check_in: 7,
  start_session: 6,
  walk_up: 3,
  hold: 10,
  release: 3,
  end_session: 5,
  list: 6,
  retire: 0,
};
/** Towards the end everything is given up, so that a retirement has a chance. */
const late: Mix = {
  ...early,
  reserve: 0,
  hold: 0,
  release: 10,
  move: 2,
  walk_up: 0,
  cancel: 40,
  start_session: 15,
  end_session: 25,
  retire: 12,
};

/** A history of so many operations: at first ordinary life, then the machines are cleared out. */
export const historyOf =
  (operations: number) =>
  (issued: number): Mix | null =>
    issued >= operations ? null : issued < operations * 0.65 ? early : late;

/** Chooses what to ask next: usually sensible, sometimes stale, sometimes not allowed. */
export function nextCall(machine: Subject, client: Client, random: Random, mix: Mix): MachineCall {
  // Not everything can be asked at every moment: with nothing known there is nothing to cancel.
  for (let tries = 0; tries < 6; tries++) {
    const call = callOf(random.weighted(mix), machine, client, random);
    if (call) return call;
  }
  // Whoever has nothing to give up at the end tries what is not theirs.
  const base = asked(machine, client);
  if (mix.reserve === 0 && machine.known.size > 0) {
    return { ...base, type: "cancel", reservation_id: random.pick([...machine.known.keys()]) };
  }
  return { ...base, type: "reserve", ...anySlot(machine, random) };
}

const asked = (machine: Subject, { person, staff }: Client): Pick<MachineCall, "machine" | "key" | "by"> => ({
  machine: machine.id,
  key: crypto.randomUUID(),
  by: { member_id: person.member_id, staff },
});

const anySlot = (machine: Subject, random: Random): Interval => ({
  ...random.pick(random.below(10) < 7 ? machine.slots.far : machine.slots.near),
});

function callOf(type: MachineCallType, machine: Subject, client: Client, random: Random): MachineCall | null {
  const base = asked(machine, client);
  const known = [...machine.known.values()];
  const holding = known.filter((each) => holdsSlot(each.status));
  const mine = holding.filter((each) => client.staff || each.member_id === client.person.member_id);
  const near = mine.filter((each) => each.starts_at < machine.rules.near_until);
  const isRash = random.below(8) === 0;
  const choose = (wanted: Booking[]): Booking | null => {
    const from = isRash ? known : wanted;
    return from.length === 0 ? null : random.pick(from);
  };
  switch (type) {
    case "reserve": {
      const kept = machine.holds.get(client.person.member_id);
      // Mostly what was kept is taken up, with its token or without.
      if (!kept || random.below(4) === 0) return { ...base, type, ...anySlot(machine, random) };
      const { starts_at, ends_at, id: hold_id } = kept;
      return random.below(4) === 0
        ? { ...base, type, starts_at, ends_at }
        : { ...base, type, starts_at, ends_at, hold_id };
    }
    case "hold":
      return { ...base, type, ...anySlot(machine, random) };
    case "release": {
      const kept = isRash ? random.pick([...machine.holds.values(), null]) : machine.holds.get(client.person.member_id);
      return kept ? { ...base, type, hold_id: kept.id } : null;
    }
    case "walk_up":
      return { ...base, type, planned_minutes: random.pick([5, 120]) };
    case "list":
      return client.staff ? { ...base, type, ...reachOf(machine.slots.far) } : null;
    case "retire":
      return client.staff ? { ...base, type } : null;
    case "end_session":
      return isRash || client.staff || machine.openSession?.member_id === client.person.member_id
        ? machine.openSession && { ...base, type, session_id: machine.openSession.id }
        : null;
    case "move": {
      const booking = choose(mine.filter((each) => each.status !== "active"));
      if (!booking) return null;
      const { id: reservation_id, version: if_version } = booking;
      return { ...base, type, reservation_id, if_version, ...anySlot(machine, random) };
    }
    case "approve": {
      const booking = client.staff || isRash ? choose(holding.filter((each) => each.status === "pending")) : null;
      return booking && { ...base, type, reservation_id: booking.id };
    }
    case "cancel":
    case "check_in":
    case "start_session": {
      const booking = choose(type === "cancel" ? mine : near);
      return booking && { ...base, type, reservation_id: booking.id };
    }
  }
}

/** From the first start to the last end. */
export const reachOf = (slots: readonly Interval[]): Interval => ({
  starts_at: Math.min(...slots.map((each) => each.starts_at)),
  ends_at: Math.max(...slots.map((each) => each.ends_at)),
});

/** A few slots that get in each other's way: days ahead, and a quarter of an hour from now (check-in is open there). */
function slotsAt(now: number): Subject["slots"] {
  const farStart = Math.ceil(now / DAY) * DAY + 9 * DAY;
  const nearStart = Math.ceil(now / MINUTE) * MINUTE + 11 * MINUTE;
  const slot = (base: number, from: number, minutes: number): Interval => ({
    starts_at: base + from * MINUTE,
    ends_at: base + (from + minutes) * MINUTE,
  });
  return {
    far: [
      slot(farStart, 0, 60),
      slot(farStart, 30, 60),
      slot(farStart, 60, 30),
      slot(farStart, 75, 45),
      slot(farStart, 150, 60),
      slot(farStart, 180, 30),
    ],
    near: [slot(nearStart, 0, 30), slot(nearStart, 2, 10)],
  };
}

let made = 0;

/** Creates a machine on which every rule of `machine.ts` can be met. Its near slots are good for about ten minutes. */
export async function makeSubject(
  world: World,
  varied: Pick<MachineRules, "approval" | "buffer_minutes">,
): Promise<Subject> {
  const policy = { ...varied, check_in: "optional", min_minutes: 1, granularity_minutes: 1, hold_minutes: 60 } as const;
  // A member keeps one slot per category: here each machine has one of its own, so that none knows of the others.
  const { id } = await world.machine(policy, equipmentCategories[made++ % equipmentCategories.length]);
  const slots = slotsAt(Date.now());
  const near_until = Math.max(...slots.near.map((slot) => slot.ends_at));
  return { id, rules: { ...varied, near_until }, slots, known: new Map(), openSession: null, holds: new Map() };
}

/** Remembers what an answer said; a newer version of a booking replaces an older one. */
export function learn(machine: Subject, answer: MachineAnswer): void {
  for (const booking of [answer.reservation, ...(answer.list?.rows ?? [])]) {
    if (booking && booking.version >= (machine.known.get(booking.id)?.version ?? 0))
      machine.known.set(booking.id, booking);
  }
  if (answer.hold) machine.holds.set(answer.hold.member_id, answer.hold);
  if (answer.session) machine.openSession = answer.session.ended_at === null ? answer.session : null;
}
