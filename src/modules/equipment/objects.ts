/** The objects that this module calls, and how many of them at once. */

import { env } from "cloudflare:workers";
import { objectOf } from "../../platform/objects.ts";
import type { Space } from "../../platform/space.ts";
import type { EquipmentPort, FloorPort } from "./port.ts";

/** The object of one machine. */
export const machineOf = (makerspace_id: string, equipment_id: string): EquipmentPort =>
  objectOf<EquipmentPort>(env.EQUIPMENT, makerspace_id, equipment_id);

/** The object of one machine, in this makerspace. */
export const machine = (space: Space, equipment_id: string): EquipmentPort => machineOf(space.id, equipment_id);

/** The live board of a makerspace, where its tablets' credentials live, too. */
export const floorOf = (makerspace_id: string): FloorPort => objectOf<FloorPort>(env.FLOOR, makerspace_id, "floor");

/** The live board of this makerspace. */
export const floor = (space: Space): FloorPort => floorOf(space.id);

/** A worker may talk to six objects at once. */
const PARALLEL = 6;

/** Works on all items, six at once. One that fails keeps none of the others waiting; the first failure is thrown when all are done. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const settled: PromiseSettledResult<Result>[] = [];
  for (let from = 0; from < items.length; from += PARALLEL) {
    settled.push(...(await Promise.allSettled(items.slice(from, from + PARALLEL).map(work))));
  }
  return settled.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}
