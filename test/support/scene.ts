/** A machine and the people around it, and its clock. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { EquipmentObject } from "../../durable-objects/equipment/object.ts";
import type { BookingPolicy } from "../../src/modules/equipment/model.ts";
import type { Answer } from "./api.ts";
import { makeSpace, type Person, type Slot, type TestSpace } from "./space.ts";
import type { Equipment } from "./wire.ts";

export interface Scene {
  space: TestSpace;
  machine: Equipment;
  /** Two members without any duty. */
  ada: Person;
  ben: Person;
  desk: Person;
}

/** A makerspace with a machine, two members and the desk. */
export async function makeScene(policy: Partial<BookingPolicy> = {}): Promise<Scene> {
  const space = await makeSpace();
  const [machine, ada, ben, desk] = await Promise.all([
    space.machine(policy),
    space.person({ first_name: "Ada", last_name: "Byron" }),
    space.person({ first_name: "Ben", last_name: "Okri" }),
    space.as("desk"),
  ]);
  return { space, machine, ada, ben, desk };
}

/** The codes of the reasons in a refusal. */
export const codes = (answer: Answer<unknown>): string[] => answer.problem?.reasons?.map((reason) => reason.code) ?? [];

/** Works inside a machine's object. */
export const inObject = <T>(
  space: TestSpace,
  machine: { id: string },
  work: (object: EquipmentObject) => T | Promise<T>,
): Promise<T> => runInDurableObject(env.EQUIPMENT.getByName(`${space.id}:${machine.id}`), work);

/** Moves the clock of a machine against everybody else's. */
export const shiftClock = (space: TestSpace, machine: { id: string }, ms: number): Promise<void> =>
  inObject(space, machine, (object) => object.setClockOffset(ms));

/** So that the slot begins now on that machine. */
export const enter = (space: TestSpace, machine: { id: string }, slot: Slot): Promise<void> =>
  shiftClock(space, machine, Date.parse(slot.starts_at) - Date.now());
