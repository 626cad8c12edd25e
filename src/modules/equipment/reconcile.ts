/** Objects against D1: the object re-projects what differs, unknown rows are shown as orphans. On demand as a job, and each night. */

import { env } from "cloudflare:workers";
import { asc, gt, gte, sql } from "drizzle-orm";
import type { SettingsSource } from "../../platform/access/membership.ts";
import type { CronTask } from "../../platform/cron.ts";
import { directory, everyShard } from "../../platform/db/driver.ts";
import type { SpaceStore } from "../../platform/db/store.ts";
import { makerspaces } from "../../platform/db/tables.ts";
import type { EventEnvelope } from "../../platform/events.ts";
import { newId } from "../../platform/ids.ts";
import { log } from "../../platform/log.ts";
import { objectOf } from "../../platform/objects.ts";
import type { JobContext } from "../../platform/ops/jobs.ts";
import { type Consumers, sendEvents } from "../../platform/queue.ts";
import { DAY } from "../../platform/time.ts";
import { makerspacePart, pushPolicies } from "./policy.ts";
import type { EquipmentPort, ReconcileReport } from "./port.ts";
import { openSystemSpace } from "./sweeps.ts";
import { equipment, policyPushes, projectionCursors } from "./tables.ts";

const objectBehind = (makerspace_id: string, equipment_id: string) =>
  objectOf<EquipmentPort>(env.EQUIPMENT, makerspace_id, equipment_id);

const nothing: ReconcileReport = { reservations: 0, sessions: 0, repaired: 0, orphans: 0 };

async function reconcileAll(
  makerspace_id: string,
  equipment_ids: readonly string[],
  progress: (done: number) => Promise<boolean>,
): Promise<ReconcileReport> {
  const total = { ...nothing };
  for (const [index, equipment_id] of equipment_ids.entries()) {
    if (!(await progress(index))) break;
    const found = await objectBehind(makerspace_id, equipment_id).reproject();
    for (const name of Object.keys(total) as (keyof ReconcileReport)[]) total[name] += found[name];
    if (found.repaired > 0 || found.orphans > 0)
      log.warn("projection_drift", { makerspace_id, equipment_id, ...found });
  }
  return total;
}

const allMachines = (store: SpaceStore): Promise<{ id: string }[]> =>
  store.db.select({ id: equipment.id }).from(equipment).where(store.in(equipment)).orderBy(asc(equipment.id));

/** The job behind POST space/reconciliations: every machine of the makerspace. */
export async function reconcileJob({ store, makerspace_id, progress }: JobContext): Promise<Record<string, number>> {
  const machines = await allMachines(store);
  const ids = machines.map((row) => row.id);
  const report = await reconcileAll(makerspace_id, ids, (done) => progress(done, ids.length));
  await progress(ids.length, ids.length);
  return { machines: ids.length, ...report };
}

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
export const reconcileConsumers: Consumers<"reconcile.due"> = {
  "reconcile.due": [
    {
      name: "reconcile",
      async handle(envelope, { store, now }) {
        await reconcileAll(envelope.makerspace_id, await dueMachines(store, now), async () => true);
        return [];
      },
    },
  ],
};

const MAKERSPACES_PER_READ = 500;

/** Each night: one message per makerspace. */
export const reconcileNightly: CronTask = {
  name: "reconcile",
  schedule: "night",
  async run(now) {
    let sent = 0;
    for (let after = ""; ; ) {
      const rows = await directory()
        .select({ id: makerspaces.id })
        .from(makerspaces)
        .where(gt(makerspaces.id, after))
        .orderBy(asc(makerspaces.id))
        .limit(MAKERSPACES_PER_READ);
      const envelopes = rows.map(
        ({ id }): EventEnvelope => ({
          id: newId(),
          type: "reconcile.due",
          v: 1,
          makerspace_id: id,
          subject: { type: "makerspace", id, version: 0 },
          actor_id: "cron",
          request_id: newId(),
          occurred_at: now,
          data: {},
        }),
      );
      await sendEvents(envelopes);
      sent += rows.length;
      const last = rows.at(-1);
      if (!last || rows.length < MAKERSPACES_PER_READ) return sent;
      after = last.id;
    }
  },
};

/** Each minute: pushes policies that did not reach their objects. */
export const pushPoliciesEachMinute = (settings: SettingsSource): CronTask => ({
  name: "push_policies",
  schedule: "minute",
  async run(now) {
    let behind = 0;
    for (const db of everyShard()) {
      const owing = await db
        .selectDistinct({ makerspace_id: policyPushes.makerspace_id })
        .from(policyPushes)
        .where(sql`${policyPushes.created_at} < ${now - 5_000}`)
        .limit(100);
      for (const { makerspace_id } of owing) {
        const space = await openSystemSpace(makerspace_id, settings, "policy", now);
        if (space) await pushPolicies(space, makerspacePart(space.settings));
        behind += 1;
      }
    }
    return behind;
  },
});
