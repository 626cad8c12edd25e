/** What clients ask of machines: mostly sensible, sometimes stale, sometimes not allowed, and always the same few slots. */

import { holdsSlot, type Interval } from "../../../src/modules/equipment/model.ts";
import type { Person, World } from "../../support/http/world.ts";
import type { Random } from "../support/random.ts";
import type { Booking, MachineAnswer, MachineCall, MachineCallType, MachineRules } from "./state.ts";

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
  openSession: string | null;
}

/** How often each kind of call is chosen. */
export type Mix = Readonly<Record<MachineCallType, number>>;

const early: Mix = {
  reserve: 34,
  move: 16,
  cancel: 15,
  approve: 9,
  check_in: 6,
  start_session: 5,
  walk_up: 3,
  end_session: 4,
  list: 8,
  retire: 0,
};
/** Towards the end everything is given up, so that a retirement has a chance. */
const late: Mix = { ...early, reserve: 8, move: 6, cancel: 40, end_session: 12, retire: 12 };

/** A history of so many operations: three quarters of ordinary life, then the machines are cleared out. */
export const historyOf =
  (operations: number) =>
  (issued: number): Mix | null =>
    issued >= operations ? null : issued < operations * 0.75 ? early : late;

/** Chooses what to ask next: usually sensible, sometimes stale, sometimes not allowed. */
export function nextCall(machine: Subject, client: Client, random: Random, mix: Mix): MachineCall {
  const by = { member_id: client.person.member_id, staff: client.staff };
  const asked = { machine: machine.id, key: crypto.randomUUID(), by };
  const slot = (): Interval => ({ ...random.pick(random.below(10) < 7 ? machine.slots.far : machine.slots.near) });
  const type = random.weighted(mix);
  const holding = [...machine.known.values()].filter((each) => holdsSlot(each.status));
  const mine = holding.filter((each) => client.staff || each.member_id === by.member_id);
  const isRash = random.below(8) === 0;
  const choose = (wanted: Booking[]): Booking | null => {
    const from = isRash ? [...machine.known.values()] : wanted;
    return from.length === 0 ? null : random.pick(from);
  };
  const near = mine.filter((each) => each.starts_at < machine.rules.near_until);
  switch (type) {
    case "walk_up":
      return { ...asked, type, planned_minutes: random.pick([5, 120]) };
    case "list":
    case "retire": {
      if (!client.staff) break;
      const window = {
        starts_at: Math.min(...machine.slots.far.map((each) => each.starts_at)),
        ends_at: Math.max(...machine.slots.far.map((each) => each.ends_at)),
      };
      return type === "list" ? { ...asked, type, ...window } : { ...asked, type };
    }
    case "end_session":
      if (machine.openSession === null) break;
      return { ...asked, type, session_id: machine.openSession };
    case "approve": {
      if (!client.staff && !isRash) break;
      const booking = choose(holding.filter((each) => each.status === "pending"));
      if (booking) return { ...asked, type, reservation_id: booking.id };
      break;
    }
    case "move": {
      const booking = choose(mine.filter((each) => each.status !== "active"));
      if (booking) return { ...asked, type, reservation_id: booking.id, if_version: booking.version, ...slot() };
      break;
    }
    case "cancel":
    case "check_in":
    case "start_session": {
      const booking = choose(type === "cancel" ? mine : near);
      if (booking) return { ...asked, type, reservation_id: booking.id };
      break;
    }
  }
  return { ...asked, type: "reserve", ...slot() };
}

/** A few slots that get in each other's way: days ahead, and a quarter of an hour from now (check-in is open there). */
export function slotsAt(now: number): Subject["slots"] {
  const farStart = Math.ceil(now / DAY) * DAY + 9 * DAY;
  const nearStart = Math.ceil(now / MINUTE) * MINUTE + 11 * MINUTE;
  const slot = (base: number, from: number, minutes: number): Interval => ({
    starts_at: base + from * MINUTE,
    ends_at: base + (from + minutes) * MINUTE,
  });
  return {
    far: [slot(farStart, 0, 60), slot(farStart, 30, 60), slot(farStart, 60, 30), slot(farStart, 75, 45)],
    near: [slot(nearStart, 0, 30), slot(nearStart, 2, 10)],
  };
}

/** Creates a machine on which every rule of `machine.ts` can be met. Its near slots are good for about ten minutes. */
export async function makeSubject(
  world: World,
  varied: Pick<MachineRules, "approval" | "buffer_minutes">,
): Promise<Subject> {
  const { id } = await world.machine({ ...varied, check_in: "optional", min_minutes: 1, granularity_minutes: 1 });
  const slots = slotsAt(Date.now());
  const near_until = Math.max(...slots.near.map((slot) => slot.ends_at));
  return { id, rules: { ...varied, near_until }, slots, known: new Map(), openSession: null };
}

/** Remembers what an answer said; a newer version of a booking replaces an older one. */
export function learn(machine: Subject, answer: MachineAnswer): void {
  for (const booking of [answer.reservation, ...(answer.list ?? [])]) {
    if (booking && booking.version >= (machine.known.get(booking.id)?.version ?? 0))
      machine.known.set(booking.id, booking);
  }
  if (answer.session) machine.openSession = answer.session.ended_at === null ? answer.session.id : null;
}
