/** Drives machines with concurrent clients over HTTP and writes down who asked what, when, and what came back. */

import { holdsSlot, type Interval } from "../../../src/modules/equipment/model.ts";
import { type Api, type Page, type Reply, wireInterval } from "../../support/http/client.ts";
import type { Person, WireReservation, WireSession, World } from "../../support/http/world.ts";
import { type Random, randomOf } from "../support/random.ts";
import type { Operation } from "./checker.ts";
import type { Booking, MachineAnswer, MachineCall, MachineCallType, MachineRules, Session } from "./machine.ts";

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

export interface Plan {
  world: World;
  clients: readonly Client[];
  machines: readonly Subject[];
  operations: number;
  seed: number;
}

export type Recorded = Operation<MachineCall, MachineAnswer>;

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

/** Creates a machine on which every rule of `machine.ts` can be met. */
export async function makeSubject(world: World, approval: "none" | "staff"): Promise<Subject> {
  const policy = { approval, check_in: "optional", min_minutes: 1, granularity_minutes: 1, buffer_minutes: 0 } as const;
  const { id } = await world.machine(policy);
  const slots = slotsAt(Date.now());
  const near_until = Math.max(...slots.near.map((slot) => slot.ends_at));
  return { id, rules: { approval, near_until }, slots, known: new Map(), openSession: null };
}

/** Runs the plan: each client asks, waits for the answer, asks again, until all operations are spent. */
export async function record(plan: Plan): Promise<Recorded[]> {
  const history: Recorded[] = [];
  let issued = 0;
  const run = async (client: Client, index: number): Promise<void> => {
    const random = randomOf(plan.seed * 1000 + index);
    while (issued < plan.operations) {
      const id = issued++;
      const machine = random.pick(plan.machines);
      const call = nextCall(machine, client, random, id / plan.operations);
      const called_at = performance.now();
      const output = await perform(plan.world, client.person.api, call);
      const returned_at = output === undefined ? Number.POSITIVE_INFINITY : performance.now();
      history.push({ id, client: index, called_at, returned_at, input: call, output });
      if (output !== undefined) learn(machine, output);
    }
  };
  await Promise.all(plan.clients.map(run));
  return history.sort((a, b) => a.id - b.id);
}

const early = {
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
const late = { ...early, reserve: 8, move: 6, cancel: 40, end_session: 12, retire: 12 };

/** Chooses what to ask next: usually sensible, sometimes stale, sometimes not allowed. */
function nextCall(machine: Subject, client: Client, random: Random, progress: number): MachineCall {
  const by = { member_id: client.person.member_id, staff: client.staff };
  const asked = { machine: machine.id, key: crypto.randomUUID(), by };
  const slot = (): Interval => ({ ...random.pick(random.below(10) < 7 ? machine.slots.far : machine.slots.near) });
  const type: MachineCallType = random.weighted(progress < 0.75 ? early : late);
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
      const window = { starts_at: machine.slots.far[0]?.starts_at ?? 0, ends_at: machine.slots.far[3]?.ends_at ?? 0 };
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

/** Sends one call. Undefined: nobody knows whether it took effect. */
async function perform(world: World, api: Api, call: MachineCall): Promise<MachineAnswer | undefined> {
  try {
    const reply = await send(world, api, call);
    if (reply.status >= 500) return undefined;
    return answerOf(reply, call);
  } catch {
    return undefined;
  }
}

function send(world: World, api: Api, call: MachineCall): Promise<Reply<unknown>> {
  const at = (rest: string): string => world.machinePath(call.machine, rest);
  const { key } = call;
  switch (call.type) {
    case "reserve":
      return api.send("POST", at("/reservations"), { key, body: wireInterval(call) });
    case "move": {
      const { if_version } = call;
      return api.send("PATCH", at(`/reservations/${call.reservation_id}`), {
        key,
        if_version,
        body: wireInterval(call),
      });
    }
    case "approve":
    case "cancel":
    case "check_in":
      return api.send("POST", at(`/reservations/${call.reservation_id}/${call.type}`), { key, body: {} });
    case "start_session":
      return api.send("POST", at("/sessions"), { key, body: { reservation_id: call.reservation_id } });
    case "walk_up":
      return api.send("POST", at("/sessions"), { key, body: { planned_minutes: call.planned_minutes } });
    case "end_session":
      return api.send("POST", at(`/sessions/${call.session_id}/end`), { key, body: {} });
    case "retire":
      return api.send("DELETE", at(""));
    case "list": {
      const { starts_at, ends_at } = wireInterval(call);
      return api.send("GET", at(`/reservations?starts_from=${starts_at}&starts_to=${ends_at}&limit=100`));
    }
  }
}

/** An HTTP answer in the words of the specification. */
export function answerOf(reply: Reply<unknown>, call: MachineCall): MachineAnswer {
  const { status, problem, body } = reply;
  const clash = problem?.conflicts_with;
  const answer: MachineAnswer = {
    status,
    code: problem?.code ?? null,
    current_status: problem?.current_status ?? null,
    conflicts_with: clash ? intervalOf(clash) : null,
    reservation: null,
    session: null,
    list: null,
  };
  if (status >= 300) return answer;
  if (call.type === "list") {
    const rows = (body as Page<WireReservation>).data.map(bookingOf).filter((each) => holdsSlot(each.status));
    return { ...answer, list: rows.sort((a, b) => a.starts_at - b.starts_at) };
  }
  if (call.type === "retire") return answer;
  if (call.type === "start_session" || call.type === "walk_up" || call.type === "end_session") {
    return { ...answer, session: sessionOf(body as WireSession) };
  }
  return { ...answer, reservation: bookingOf(body as WireReservation) };
}

const intervalOf = (wire: { starts_at: string; ends_at: string }): Interval => ({
  starts_at: Date.parse(wire.starts_at),
  ends_at: Date.parse(wire.ends_at),
});

const bookingOf = (wire: WireReservation): Booking => {
  const { id, member_id, status, version } = wire;
  return { id, member_id, ...intervalOf(wire), status, version };
};

const sessionOf = (wire: WireSession): Session => ({
  id: wire.id,
  member_id: wire.member_id,
  reservation_id: wire.reservation_id,
  started_at: Date.parse(wire.started_at),
  planned_end_at: Date.parse(wire.planned_end_at),
  active: wire.status === "active",
});

/** Remembers what an answer said; a newer version of a booking replaces an older one. */
function learn(machine: Subject, answer: MachineAnswer): void {
  for (const booking of [answer.reservation, ...(answer.list ?? [])]) {
    if (booking && booking.version >= (machine.known.get(booking.id)?.version ?? 0))
      machine.known.set(booking.id, booking);
  }
  if (answer.session) machine.openSession = answer.session.active ? answer.session.id : null;
}
