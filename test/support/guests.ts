/** A makerspace where members have guests. */

import { cronTasks } from "../../src/background.ts";
import { dayOn, localDate } from "../../src/modules/members/memberships/cycles.ts";
import type { EventEnvelope } from "../../src/platform/events.ts";
import { HOUR } from "../../src/platform/time.ts";
import type { Api } from "./api.ts";
import { blackHole, deliver } from "./background.ts";
import { atInstant, makeClub } from "./club.ts";
import { inWorld } from "./faults.ts";
import type { TestSpace } from "./space.ts";
import type { Agreement, Guest, GuestWaivers } from "./wire.ts";

/** A host on a plan, the desk, and a waiver that guests sign. */
export async function makeGuestHouse(limits: object = {}) {
  const club = await makeClub();
  const { space, ada } = club;
  const zone = space.makerspace.timezone;
  const today = localDate(Date.now(), zone);
  const tomorrow = localDate(dayOn(today, zone).to + 12 * HOUR, zone);
  const plan = await club.plan(9_900, limits);
  const membership = await club.join(ada, plan);
  const waiver = await space.root.post<Agreement>(space.path("/agreements"), {
    title: "Waiver for guests",
    body: "At your own risk.",
    required: false,
    for_guests: true,
  });
  const invite = (api: Api, more: object = {}): Promise<Guest> =>
    api.post<Guest>(space.path("/guests"), { name: "Grace Hopper", visit_on: today, ...more });
  return { ...club, plan, membership, waiver, today, tomorrow, invite, desk: await space.as("desk") };
}

/** Asks for a guest. */
export const asked = (space: TestSpace, api: Api, body: object) =>
  api.send<Guest>("POST", space.path("/guests"), { body: { name: "Grace Hopper", ...body } });

/** Takes a step of a visit. */
export const step = (space: TestSpace, api: Api, guest: { id: string }, name: string) =>
  api.send<Guest>("POST", space.path(`/guests/${guest.id}/${name}`), {});

/** Staff record a signature. */
export const sign = (space: TestSpace, api: Api, guest: { id: string }, agreement: { id: string }, number = 1) =>
  api.send<GuestWaivers>("POST", space.path(`/guests/${guest.id}/waivers`), {
    body: { agreement_id: agreement.id, number, method: "on_screen" },
  });

/** The messages of the quarter's task at an instant. */
export async function dueGuests(now: number): Promise<EventEnvelope[]> {
  const taken: EventEnvelope[] = [];
  const task = cronTasks.find(({ name }) => name === "guests_due");
  await inWorld({ EVENTS: blackHole(taken) as Queue }, async () => task?.run(now));
  return taken;
}

/** What the quarter's task does at an instant, in this makerspace. */
export async function guestClockwork(space: TestSpace, now: number): Promise<void> {
  const taken = await dueGuests(now);
  await atInstant(now, () => deliver(taken.filter(({ makerspace_id }) => makerspace_id === space.id)));
}
