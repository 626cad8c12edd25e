/** What machines hold of somebody who is erased: names, and texts beside bookings and sessions. */

import { and, asc, gt } from "drizzle-orm";
import type { SpaceStore } from "../../platform/db/store.ts";
import type { PersonalWork } from "../../platform/personal-data.ts";
import type { ReasonInput } from "../../platform/problem.ts";
import { inParallel, machineOf } from "./objects.ts";
import type { EquipmentPort } from "./port.ts";
import { runningSessionsOf } from "./sessions/running.ts";
import { equipment } from "./tables.ts";

/** Machines that are told in one part of the work. */
const PART = 120;

type Tell = (machine: EquipmentPort, member_id: string) => Promise<void>;

/** Every machine, retired ones too: any may remember the person. One that does not answer keeps the work from going on. */
const tellMachines =
  (tell: Tell): PersonalWork["run"] =>
  async (store, { member_ids }, place) => {
    const { makerspace_id, db } = store;
    const rows = await db
      .select({ id: equipment.id })
      .from(equipment)
      .where(and(store.in(equipment), gt(equipment.id, place)))
      .orderBy(asc(equipment.id))
      .limit(PART);
    await inParallel(rows, async ({ id }) => {
      for (const member_id of member_ids) await tell(machineOf(makerspace_id, id), member_id);
    });
    const last = rows.at(-1);
    return last && rows.length === PART ? last.id : null;
  };

export const forgetAtMachines: PersonalWork = {
  name: "machines",
  run: tellMachines((machine, member_id) => machine.forget(member_id)),
  end: {
    tables: ["reservations", "sessions", "series"],
    run: tellMachines((machine, member_id) => machine.purge(member_id)),
  },
};

/** Who is at a machine is not erased under their hands. */
export async function machinesInUse(store: SpaceStore, member_id: string): Promise<ReasonInput[]> {
  const running = await runningSessionsOf(store, member_id);
  return running.map(({ equipment_id, planned_end_at }) => ({
    code: "session_running",
    detail: "The member uses a machine.",
    fix: "End the session.",
    limit: { equipment_id, planned_end_at: new Date(planned_end_at).toISOString() },
  }));
}
