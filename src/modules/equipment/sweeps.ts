/** What a suspension means for machines: sockets close, future bookings go, running sessions go on or end. At once, and again when no facts in flight can be older. */

import { eq, inArray, isNull } from "drizzle-orm";
import type { EventEnvelope } from "../../platform/events.ts";
import { newId } from "../../platform/ids.ts";
import { describeError, log } from "../../platform/log.ts";
import { type Consumers, type EventContext, type EventHandler, toOutbox } from "../../platform/queue.ts";
import { loadSettings } from "../../platform/settings/load.ts";
import type { Settings } from "../../platform/settings/sections.ts";
import type { Space } from "../../platform/space.ts";
import { systemSpace } from "../../platform/system-space.ts";
import { SECOND } from "../../platform/time.ts";
import { findMember } from "../members/index.ts";
import { openGates } from "./model.ts";
import { floor, inParallel, machine } from "./objects.ts";
import { runningSessionsOf } from "./sessions/running.ts";
import { bookingHolds, equipment, reservations } from "./tables.ts";
import { closeSockets } from "./watch/service.ts";

/** Who the audit and the events name when a machine turns a member away. */
export const SWEEPER = "suspension";

/** Facts read before the suspension are refused after ten seconds; five more for clocks and the projection. */
const SECOND_SWEEP_AFTER = 15 * SECOND;

/** What becomes of what a member holds, by the makerspace's settings and by what was said when they were shut out. */
interface Fate {
  cancel_bookings: boolean;
  end_sessions: boolean;
}

/** The machines that hold something of the member, that they use, or that somebody watches. */
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
  const kept = await space.db
    .select({ id: bookingHolds.equipment_id })
    .from(bookingHolds)
    .where(space.store.in(bookingHolds, eq(bookingHolds.member_id, member_id)));
  const used = await runningSessionsOf(space.store, member_id);
  const ids = [...[...held, ...kept].map((row) => row.id), ...used.map((row) => row.equipment_id)];
  return [...new Set([...ids, ...(await floor(space).watchedMachines())])];
}

async function allMachines(space: Space): Promise<string[]> {
  const rows = await space.db
    .select({ id: equipment.id })
    .from(equipment)
    .where(space.store.in(equipment, isNull(equipment.retired_at)));
  return rows.map((row) => row.id);
}

/**
 * Closes a member's sockets, and does on machines what their fate says.
 * @param reach `concerned` is quick; `all` also voids what only the objects know of: unused tickets, and facts in flight
 */
async function sweepMember(space: Space, member_id: string, reach: "concerned" | "all", fate: Fate): Promise<void> {
  // A socket that cannot be closed now must not keep a booking alive: it is told about afterwards.
  const [closed] = await Promise.allSettled([
    closeSockets(space, [{ kind: "member", id: member_id }], "membership changed"),
  ]);
  const ids = reach === "all" ? await allMachines(space) : await concernedMachines(space, member_id);
  await inParallel(ids, (id) => sweepMachine(space, id, member_id, fate));
  if (closed?.status === "rejected") throw closed.reason;
}

async function sweepMachine(space: Space, equipment_id: string, member_id: string, fate: Fate): Promise<void> {
  const { cancel_bookings, end_sessions } = fate;
  await machine(space, equipment_id).execute({
    command: {
      type: "sweep_member",
      member_id,
      note: "membership suspended",
      ...(!cancel_bookings && { keep_bookings: true }),
      ...(end_sessions && { end_session: true }),
    },
    actor: { kind: "system", id: SWEEPER, authority: "any" },
    facts: {
      decide_before: Date.now() + SECOND_SWEEP_AFTER,
      policy_versions: { makerspace: 0, equipment: 0, hours: 0 },
      holder: null,
      gates: openGates,
    },
    key: null,
    request_id: space.request_id,
  });
}

/** Closes a member's sockets and voids their tickets, on machines that nobody watches yet as well; bookings stay. */
const closeEverywhere = async (space: Space, member_id: string, reach: "concerned" | "all"): Promise<void> =>
  closeSockets(
    space,
    [{ kind: "member", id: member_id }],
    "membership changed",
    reach === "all" ? await allMachines(space) : [],
  );

/** Closes the sockets of those whose rights changed, so that they open again with what they may see now; theirs end within ten minutes. */
export async function closeAtOnce(space: Space, member_ids: readonly string[]): Promise<void> {
  try {
    const members = member_ids.map((id) => ({ kind: "member" as const, id }));
    await closeSockets(space, members, "membership changed");
  } catch (error) {
    log.warn("close_failed", { makerspace_id: space.id, request_id: space.request_id, error: describeError(error) });
  }
}

/** Does what their fate says, on those machines; without one, their sockets close. */
const shutOut = (space: Space, member_id: string, reach: "concerned" | "all", fate: Fate): Promise<void> =>
  fate.cancel_bookings || fate.end_sessions
    ? sweepMember(space, member_id, reach, fate)
    : closeEverywhere(space, member_id, reach);

const endsSessions = ({ access }: Settings): boolean => access.running_session_on_suspension === "end";

/** The first sweep, inside the request that suspends. What fails here is done by the event a moment later. */
export async function sweepAtOnce(space: Space, member_id: string, cancel_bookings: boolean): Promise<void> {
  try {
    const end_sessions = endsSessions(space.settings.sections);
    await shutOut(space, member_id, "concerned", { cancel_bookings, end_sessions });
  } catch (error) {
    log.warn("sweep_failed", { makerspace_id: space.id, request_id: space.request_id, error: describeError(error) });
  }
}

/** Sweeps unless the member was let back in meanwhile. */
async function sweepFor(
  envelope: EventEnvelope,
  { store, now }: EventContext,
  reach: "concerned" | "all",
): Promise<EventEnvelope[]> {
  const member = await findMember(store, envelope.subject.id);
  if (member?.status !== "suspended" && member?.status !== "left") return [];
  const { request_id } = envelope;
  const space = systemSpace(store, null, { actor_id: SWEEPER, request_id, now });
  const end_sessions = endsSessions(await loadSettings(store));
  await shutOut(space, member.id, reach, { cancel_bookings: envelope.data.cancel_bookings !== false, end_sessions });
  // Of a session that ends the staff hear from the machine.
  return end_sessions ? [] : sessionsOf(space, member.id, envelope);
}

/** One event per machine that the member still uses, the same one however often it is looked for. */
async function sessionsOf(space: Space, member_id: string, cause: EventEnvelope): Promise<EventEnvelope[]> {
  const running = await runningSessionsOf(space.store, member_id);
  return running.map(({ id, equipment_id, planned_end_at, version }) => ({
    ...cause,
    id: `${id}:shut_out:${cause.subject.version}`,
    type: "session.holder_shut_out",
    subject: { type: "session", id, version },
    actor_id: SWEEPER,
    occurred_at: space.now,
    data: { equipment_id, member_id, planned_end_at },
  }));
}

const sweepNow: EventHandler = {
  name: "sweep_suspended_member",
  async handle(envelope, context) {
    // A machine that does not answer now must not cost the second sweep: that one goes on until all have answered.
    const told = await sweepFor(envelope, context, "all").catch((error: unknown) => {
      log.warn("sweep_failed", { makerspace_id: envelope.makerspace_id, error: describeError(error) });
      return null;
    });
    const data = { ...envelope.data, reach: told ? "concerned" : "all" };
    const again: EventEnvelope = { ...envelope, id: newId(), type: "member.sweep_due", occurred_at: context.now, data };
    context.sendAfter(told ?? []);
    context.sendAfter([again], SECOND_SWEEP_AFTER / SECOND);
    // In the outbox as well: a broker that forgets it is repaired by the minute sweep.
    return toOutbox(context.store, [...(told ?? []), again], context.now);
  },
};

const sweepAgain: EventHandler = {
  name: "sweep_suspended_member_again",
  async handle(envelope, context) {
    const told = await sweepFor(envelope, context, envelope.data.reach === "all" ? "all" : "concerned");
    context.sendAfter(told);
    return toOutbox(context.store, told, context.now);
  },
};

/** Handlers for events of the members module. */
export const suspensionConsumers: Consumers<"member.suspended" | "member.removed" | "member.sweep_due"> = {
  "member.suspended": [sweepNow],
  "member.removed": [sweepNow],
  "member.sweep_due": [sweepAgain],
};
