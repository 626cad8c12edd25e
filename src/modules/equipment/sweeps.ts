/** What a suspension means for machines: sockets close, future bookings go. At once, and again when no facts in flight can be older. */

import { env } from "cloudflare:workers";
import { inArray, sql } from "drizzle-orm";
import type { SettingsSource } from "../../platform/access/membership.ts";
import { Access } from "../../platform/access/permissions.ts";
import { directoryShardOf } from "../../platform/db/shards.ts";
import { SpaceStore } from "../../platform/db/store.ts";
import { outbox } from "../../platform/db/tables.ts";
import type { EventEnvelope } from "../../platform/events.ts";
import { newId } from "../../platform/ids.ts";
import { type Consumers, type EventContext, type EventHandler, sendEvents } from "../../platform/queue.ts";
import { Space } from "../../platform/space.ts";
import { SECOND } from "../../platform/time.ts";
import { findMember } from "../members/index.ts";
import type { EquipmentPort } from "./port.ts";
import { reservations } from "./tables.ts";
import { closeSockets, floor } from "./watch/service.ts";

/** Facts read before the suspension are refused after ten seconds; five more for clocks and the projection. */
const SECOND_SWEEP_AFTER = 15 * SECOND;

/** A makerspace as the system sees it, for messages and jobs. */
export function systemSpace(
  store: SpaceStore,
  settings: Space["settings"] | null,
  request_id: string,
  now: number,
  id: string,
): Space {
  return new Space({
    id: store.makerspace_id,
    store,
    actor: { kind: "system", id, membership: null },
    access: new Access("super_admin", [], now),
    settings,
    request_id,
    now,
    defer: () => undefined,
  });
}

/** Cancels a member's future bookings wherever D1 or a live socket knows of them, and closes their sockets. */
export async function sweepMember(space: Space, member_id: string): Promise<number> {
  await closeSockets(space, { kind: "member", id: member_id }, "membership changed");
  const held = await space.db
    .selectDistinct({ equipment_id: reservations.equipment_id })
    .from(reservations)
    .where(
      space.store.in(
        reservations,
        sql`${reservations.member_id} = ${member_id}`,
        inArray(reservations.status, ["pending", "approved"]),
      ),
    );
  const machines = new Set([...held.map((row) => row.equipment_id), ...(await floor(space).watchedMachines())]);
  let cancelled = 0;
  for (const equipment_id of machines) {
    const result = await space.object<EquipmentPort>(env.EQUIPMENT, equipment_id).execute({
      command: { type: "sweep_member", member_id, note: "membership suspended" },
      actor: { kind: "system", id: "suspension", authority: "any" },
      facts: {
        decide_before: Date.now() + SECOND_SWEEP_AFTER,
        policy_versions: { makerspace: 0, equipment: 0 },
        holder: null,
      },
      key: null,
      request_id: space.request_id,
    });
    if (result.ok) cancelled += result.cancelled ?? 0;
  }
  return cancelled;
}

/** Sweeps unless the member was let back in meanwhile. */
async function sweepFor(envelope: EventEnvelope, { store, now }: EventContext): Promise<void> {
  const member = await findMember(store, envelope.subject.id);
  if (member?.status !== "suspended") return;
  await sweepMember(systemSpace(store, null, envelope.request_id, now, "suspension"), member.id);
}

const sweepNow: EventHandler = {
  name: "sweep_suspended_member",
  async handle(envelope, context) {
    await sweepFor(envelope, context);
    const again: EventEnvelope = { ...envelope, id: newId(), type: "member.sweep_due", occurred_at: context.now };
    await sendEvents([again], SECOND_SWEEP_AFTER / SECOND);
    // In the outbox as well: a broker that forgets it is repaired by the minute sweep.
    const row = { event_id: again.id, envelope: again, created_at: context.now, sent_at: context.now };
    return [context.store.db.insert(outbox).values(context.store.row(row))];
  },
};

const sweepAgain: EventHandler = {
  name: "sweep_suspended_member_again",
  async handle(envelope, context) {
    await sweepFor(envelope, context);
    return [];
  },
};

/** Handlers for events of the members module. */
export const suspensionConsumers: Consumers<"member.suspended" | "member.sweep_due"> = {
  "member.suspended": [sweepNow],
  "member.sweep_due": [sweepAgain],
};

/** The makerspace of a scheduled job or message, with its settings. Null when it is gone. */
export async function openSystemSpace(
  makerspace_id: string,
  settings: SettingsSource,
  actor_id: string,
  now: number,
): Promise<Space | null> {
  const shard = await directoryShardOf(makerspace_id);
  if (shard === null) return null;
  const store = new SpaceStore(makerspace_id, shard);
  const source = settings.settings(store);
  const rows = await store.db.batch([source.statement]);
  return systemSpace(store, source.read(rows[0]), newId(), now, actor_id);
}
