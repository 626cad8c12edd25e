/** A changed name, or wish not to be named, on its way to the machines that show it. */

import { eq, inArray } from "drizzle-orm";
import type { SpaceStore } from "../../platform/db/store.ts";
import type { Consumers } from "../../platform/queue.ts";
import { findMember } from "../members/index.ts";
import { inParallel, machineOf } from "./objects.ts";
import { reservations, sessions } from "./tables.ts";

/** Machines that may name the member: those with bookings of theirs ahead or under way, or that they use now. */
async function machinesNaming(store: SpaceStore, member_id: string): Promise<string[]> {
  const holding = inArray(reservations.status, ["pending", "approved", "active"]);
  const booked = store.db
    .selectDistinct({ id: reservations.equipment_id })
    .from(reservations)
    .where(store.in(reservations, eq(reservations.member_id, member_id), holding));
  const used = store.db
    .selectDistinct({ id: sessions.equipment_id })
    .from(sessions)
    .where(store.in(sessions, eq(sessions.member_id, member_id), eq(sessions.status, "active")));
  const found = await store.db.batch([booked, used]);
  return [...new Set(found.flat().map((row) => row.id))];
}

/** Tells each of them; one that does not answer is told again. */
export const nameConsumers: Consumers<"member.renamed"> = {
  "member.renamed": [
    {
      name: "show_changed_name",
      async handle({ subject, makerspace_id }, { store }) {
        const member = await findMember(store, subject.id);
        if (!member) return [];
        const { id: member_id, first_name, last_name, hide_name } = member;
        await inParallel(await machinesNaming(store, member_id), (id) =>
          machineOf(makerspace_id, id).introduce({ member_id, first_name, last_name, hide_name }),
        );
        return [];
      },
    },
  ],
};
