/** What machines are told of those who wait for them. */

import { and, asc, eq, isNull } from "drizzle-orm";
import { describeError, log } from "../../../platform/log.ts";
import type { Space } from "../../../platform/space.ts";
import { type EquipmentCategory, FACTS_GOOD_FOR_MS, openGates } from "../model.ts";
import { inParallel, machine } from "../objects.ts";
import type { CommandCall, OfferCommand } from "../port.ts";
import { equipment } from "../tables.ts";

/** Who the audit names when the waitlist acts. */
export const WAITLIST = "waitlist";

/** More machines of a category are not told: a worker asks a thousand others at most. */
const MOST_MACHINES = 500;

/** A command of the waitlist itself, which is about nobody. */
export const callOf = ({ request_id }: Pick<Space, "request_id">, command: OfferCommand): CommandCall => ({
  command,
  actor: { kind: "system", id: WAITLIST, authority: "any" },
  facts: {
    decide_before: Date.now() + FACTS_GOOD_FOR_MS,
    policy_versions: { makerspace: 0, equipment: 0, hours: 0 },
    holder: null,
    gates: openGates,
  },
  key: null,
  request_id,
});

/** The machines that an entry is about. */
export async function machinesOf(
  { db, store }: Space,
  { equipment_id, category }: { equipment_id: string | null; category: EquipmentCategory | null },
): Promise<string[]> {
  if (equipment_id !== null || category === null) return equipment_id === null ? [] : [equipment_id];
  const rows = await db
    .select({ id: equipment.id })
    .from(equipment)
    .where(and(store.in(equipment, eq(equipment.category, category)), isNull(equipment.retired_at)))
    .orderBy(asc(equipment.id))
    .limit(MOST_MACHINES);
  return rows.map(({ id }) => id);
}

/** Tells machines. @throws when one does not answer; all others have been told */
export async function tellMachines(space: Space, ids: readonly string[], command: OfferCommand): Promise<void> {
  await inParallel(ids, (id) => machine(space, id).execute(callOf(space, command)));
}

/** The same inside a request: what fails here is done by the event a moment later. */
export async function tellAtOnce(space: Space, ids: readonly string[], command: OfferCommand): Promise<void> {
  try {
    await tellMachines(space, ids, command);
  } catch (error) {
    log.warn("waitlist_not_told", { request_id: space.request_id, error: describeError(error) });
  }
}
