/** What a suspension means for machines: sockets close, future bookings go. At once, and again when no facts in flight can be older. */

import { eq, inArray, isNull } from "drizzle-orm";
import { outbox } from "../../platform/db/tables.ts";
import type { EventEnvelope } from "../../platform/events.ts";
import { newId } from "../../platform/ids.ts";
import { describeError, log } from "../../platform/log.ts";
import { type Consumers, type EventContext, type EventHandler, sendEvents } from "../../platform/queue.ts";
import type { Space } from "../../platform/space.ts";
import { systemSpace } from "../../platform/system-space.ts";
import { SECOND } from "../../platform/time.ts";
import { findMember } from "../members/index.ts";
import { openGates } from "./model.ts";
import { floor, inParallel, machine } from "./objects.ts";
import { equipment, reservations } from "./tables.ts";
import { closeSockets } from "./watch/service.ts";

/** Facts read before the suspension are refused after ten seconds; five more for clocks and the projection. */
const SECOND_SWEEP_AFTER = 15 * SECOND;

/** The machines that hold something of the member, or that somebody watches. */
async function concernedMachines(space: Space, member_id: string): Promise<string[]> {
  const held = await space.db
    .selectDistinct({ id: reservations.equipment_id })
    .from(reservations)
    .where(
      space.store.in(
        reservations,
        eq(reservations.member_id, member_id),
        inArray(reservations.status, ["pending", "approved"]),
      ),
    );
  return [...new Set([...held.map((row) => row.id), ...(await floor(space).watchedMachines())])];
}

async function allMachines(space: Space): Promise<string[]> {
  const rows = await space.db
    .select({ id: equipment.id })
    .from(equipment)
    .where(space.store.in(equipment, isNull(equipment.retired_at)));
  return rows.map((row) => row.id);
}

/**
 * Cancels a member's future bookings and closes their sockets.
 * @param reach `concerned` is quick; `all` also voids what only the objects know of: unused tickets, and facts in flight
 * @returns how many bookings were cancelled
 */
async function sweepMember(space: Space, member_id: string, reach: "concerned" | "all"): Promise<number> {
  // A socket that cannot be closed now must not keep a booking alive: it is told about afterwards.
  const [closed] = await Promise.allSettled([
    closeSockets(space, { kind: "member", id: member_id }, "membership changed"),
  ]);
  const ids = reach === "all" ? await allMachines(space) : await concernedMachines(space, member_id);
  const swept = await inParallel(ids, (id) => sweepMachine(space, id, member_id));
  if (closed?.status === "rejected") throw closed.reason;
  return swept.reduce((sum, count) => sum + count, 0);
}

async function sweepMachine(space: Space, equipment_id: string, member_id: string): Promise<number> {
  const result = await machine(space, equipment_id).execute({
    command: { type: "sweep_member", member_id, note: "membership suspended" },
    actor: { kind: "system", id: "suspension", authority: "any" },
    facts: {
      decide_before: Date.now() + SECOND_SWEEP_AFTER,
      policy_versions: { makerspace: 0, equipment: 0, hours: 0 },
      holder: null,
      gates: openGates,
    },
    key: null,
    request_id: space.request_id,
  });
  return result.ok ? (result.cancelled ?? 0) : 0;
}

/** The first sweep, inside the request that suspends. What fails here is done by the event a moment later. */
export async function sweepAtOnce(space: Space, member_id: string): Promise<void> {
  try {
    await sweepMember(space, member_id, "concerned");
  } catch (error) {
    log.warn("sweep_failed", { makerspace_id: space.id, request_id: space.request_id, error: describeError(error) });
  }
}

/** Sweeps unless the member was let back in meanwhile. */
async function sweepFor(
  envelope: EventEnvelope,
  { store, now }: EventContext,
  reach: "concerned" | "all",
): Promise<void> {
  const member = await findMember(store, envelope.subject.id);
  if (member?.status !== "suspended" && member?.status !== "left") return;
  const { request_id } = envelope;
  await sweepMember(systemSpace(store, null, { actor_id: "suspension", request_id, now }), member.id, reach);
}

const sweepNow: EventHandler = {
  name: "sweep_suspended_member",
  async handle(envelope, context) {
    // A machine that does not answer now must not cost the second sweep: that one goes on until all have answered.
    const isThrough = await sweepFor(envelope, context, "all").then(
      () => true,
      (error: unknown) => {
        log.warn("sweep_failed", { makerspace_id: envelope.makerspace_id, error: describeError(error) });
        return false;
      },
    );
    const data = { reach: isThrough ? "concerned" : "all" };
    const again: EventEnvelope = { ...envelope, id: newId(), type: "member.sweep_due", occurred_at: context.now, data };
    await sendEvents([again], SECOND_SWEEP_AFTER / SECOND);
    // In the outbox as well: a broker that forgets it is repaired by the minute sweep.
    const row = { event_id: again.id, envelope: again, created_at: context.now, sent_at: context.now };
    return [context.store.db.insert(outbox).values(context.store.row(row))];
  },
};

const sweepAgain: EventHandler = {
  name: "sweep_suspended_member_again",
  async handle(envelope, context) {
    await sweepFor(envelope, context, envelope.data.reach === "all" ? "all" : "concerned");
    return [];
  },
};

/** Handlers for events of the members module. */
export const suspensionConsumers: Consumers<"member.suspended" | "member.removed" | "member.sweep_due"> = {
  "member.suspended": [sweepNow],
  "member.removed": [sweepNow],
  "member.sweep_due": [sweepAgain],
};
