/** Objects against D1: the object re-projects what differs, unknown rows are shown as orphans. On demand as a job, and each night. */

import { asc, eq, gte } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { messageToAll } from "../../../platform/broadcast.ts";
import type { CronTask } from "../../../platform/cron.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { newId } from "../../../platform/ids.ts";
import { describeError, log } from "../../../platform/log.ts";
import type { JobContext } from "../../../platform/ops/jobs.ts";
import type { Consumers } from "../../../platform/queue.ts";
import type { Space } from "../../../platform/space.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { DAY } from "../../../platform/time.ts";
import { partsOf } from "../closures/parts.ts";
import { archive } from "../machines/index.ts";
import { machineOf } from "../objects.ts";
import { sharedParts } from "../policy.ts";
import type { ReconcileReport } from "../port.ts";
import { equipment, projectionCursors } from "../tables.ts";

/**
 * One machine. Its settings are pushed first, so that one which lost its storage is there again to say what it does not know. A retirement
 * that never reached its row is written down: nobody can book there any more.
 */
async function reconcileMachine(space: Space, equipment_id: string): Promise<ReconcileReport & { retired: number }> {
  const object = machineOf(space.id, equipment_id);
  const [row] = await space.db
    .select()
    .from(equipment)
    .where(space.store.in(equipment, eq(equipment.id, equipment_id)));
  if (row?.retired_at === null) await object.configure((await partsOf(space, sharedParts(space.settings), [row]))(row));
  const [cause] = (await object.availability(0, 1)).busy;
  const isUnwritten = cause?.because === "retired" && row?.retired_at === null;
  if (isUnwritten) await archive(space, equipment_id);
  return { ...(await object.reproject()), retired: Number(isUnwritten) };
}

/** Bookings that no machine knows hold no time: people must look at them. */
const alertStaff = (space: Space, equipment_id: string, orphans: number): Promise<void> =>
  space.commit({
    action: "projection.orphans_found",
    subject: { type: "equipment", id: equipment_id, version: 0 },
    after: { orphans },
    events: [{ type: "projection.orphans_found", data: { equipment_id, orphans } }],
  });

/** What was found on all machines together; `failed` counts those that did not answer, `retired` those whose row said otherwise. */
async function reconcileAll(
  space: Space,
  equipment_ids: readonly string[],
  progress: (done: number) => Promise<boolean>,
): Promise<Record<string, number>> {
  const total: Record<string, number> = {
    reservations: 0,
    sessions: 0,
    outages: 0,
    repaired: 0,
    orphans: 0,
    marked: 0,
    retired: 0,
    failed: 0,
  };
  for (const [index, equipment_id] of equipment_ids.entries()) {
    if (!(await progress(index))) break;
    const machine = { makerspace_id: space.id, equipment_id };
    try {
      const found = await reconcileMachine(space, equipment_id);
      for (const [name, count] of Object.entries(found)) total[name] = (total[name] ?? 0) + count;
      if (found.repaired > 0 || found.orphans > 0) log.warn("projection_drift", { ...machine, ...found });
      if (found.marked > 0) await alertStaff(space, equipment_id, found.marked);
    } catch (error) {
      // One machine that does not answer keeps nobody else waiting.
      total.failed = (total.failed ?? 0) + 1;
      log.error("reconcile_failed", { ...machine, error: describeError(error) });
    }
  }
  return total;
}

const allMachines = (store: SpaceStore): Promise<{ id: string }[]> =>
  store.db.select({ id: equipment.id }).from(equipment).where(store.in(equipment)).orderBy(asc(equipment.id));

const openSpace = (settings: SettingsSource, store: SpaceStore, request_id: string, now: number) =>
  loadSystemSpace(store, settings, { actor_id: "reconciler", request_id, now });

/** The job behind POST space/reconciliations: every machine of the makerspace. */
export const reconcileJob =
  (settings: SettingsSource) =>
  async ({ store, now, progress }: JobContext): Promise<Record<string, number>> => {
    const machines = await allMachines(store);
    const ids = machines.map((row) => row.id);
    const space = await openSpace(settings, store, newId(), now);
    if (!space) return {};
    const report = await reconcileAll(space, ids, (done) => progress(done, ids.length));
    await progress(ids.length, ids.length);
    return { machines: ids.length, ...report };
  };

/** Tonight's machines: those with changes since yesterday, and each thirtieth of the rest by day of the month. */
async function dueMachines(store: SpaceStore, now: number): Promise<string[]> {
  const changed = await store.db
    .select({ id: projectionCursors.equipment_id })
    .from(projectionCursors)
    .where(store.in(projectionCursors, gte(projectionCursors.updated_at, now - DAY - DAY / 12)));
  const day = Math.floor(now / DAY) % 30;
  const rest = (await allMachines(store)).filter((_, index) => index % 30 === day);
  return [...new Set([...changed, ...rest].map((row) => row.id))];
}

/** Handles the night's message of one makerspace. */
export const reconcileConsumers = (settings: SettingsSource): Consumers<"reconcile.due"> => ({
  "reconcile.due": [
    {
      name: "reconcile",
      async handle({ request_id }, { store, now }) {
        const space = await openSpace(settings, store, request_id, now);
        if (space) await reconcileAll(space, await dueMachines(store, now), async () => true);
        return [];
      },
    },
  ],
});

/** Each night: one message per makerspace. */
export const reconcileNightly: CronTask = {
  name: "reconcile",
  schedule: "night",
  run: (now) => messageToAll("reconcile.due", now),
};
