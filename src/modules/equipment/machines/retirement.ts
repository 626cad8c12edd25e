/** The end of a machine: its object first (refused with open bookings), then its row. Nothing is deleted, and each step can be repeated. */

import { eq, isNull } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso } from "../../../platform/time.ts";
import { execute } from "../commands.ts";
import { dropPolicyPush } from "../pushes.ts";
import { mayManage } from "../standing.ts";
import { equipment } from "../tables.ts";
import { type MachineRow, requireMachine } from "./view.ts";

/**
 * Retires a machine; repeating it changes nothing.
 * @throws not_found, forbidden, has_open_reservations
 */
export async function retireMachine(space: Space, rows: MachineRow[]): Promise<void> {
  const before = requireMachine(rows);
  if (!mayManage(space, before)) throw problem("forbidden");
  if (before.retired_at !== null) return;
  await execute(space, before, { type: "retire" }, { authority: "any", applicant: null });
  await archive(space, before.id);
}

const MAX_TRIES = 5;

/** Writes down that a machine's object has retired, once: of several who do it at the same time one writes. */
export async function archive(space: Space, id: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const [row] = await space.db
      .select({ version: equipment.version })
      .from(equipment)
      .where(space.store.in(equipment, eq(equipment.id, id), isNull(equipment.retired_at)));
    if (!row) return;
    try {
      await archiveVersion(space, id, row.version);
      return;
    } catch (error) {
      // It changed since it was read, perhaps to what we want it to be.
      const isRace = error instanceof Problem && error.code === "conflict";
      if (!isRace || attempt >= MAX_TRIES) throw error;
    }
  }
}

async function archiveVersion(space: Space, id: string, seen: number): Promise<void> {
  const { now } = space;
  const version = seen + 1;
  const unchanged = space.store.in(
    equipment,
    eq(equipment.id, id),
    eq(equipment.version, seen),
    isNull(equipment.retired_at),
  );
  await space.commit(
    {
      action: "equipment.retired",
      subject: { type: "equipment", id, version },
      before: { retired_at: null },
      after: { retired_at: toIso(now) },
    },
    write(space.db.update(equipment).set({ retired_at: now, updated_at: now, version }).where(unchanged), {
      expect: "conflict",
    }),
    dropPolicyPush(space, id),
  );
}
