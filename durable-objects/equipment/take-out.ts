/** Taking the machine out of service and back: an outage is written with everything that gives way to it, in one step. */

import { type Interval, MAX_AFFECTED, MAX_OUTAGES, overlaps } from "../../src/modules/equipment/model.ts";
import type {
  Command,
  CommandCall,
  Displaced,
  OutageRecord,
  OutageTimes,
  ReservationRecord,
} from "../../src/modules/equipment/port.ts";
import { definedOnly } from "../../src/platform/merge.ts";
import { withdraw } from "./bookings.ts";
import { letGo } from "./holds.ts";
import { stretchesOf } from "./outages.ts";
import { type Answer, done, isLegal, notFound, outageRefused, planStale, refuse } from "./refusals.ts";
import { reason } from "./rules.ts";
import { freed } from "./slots.ts";
import type { Store } from "./store.ts";
import type { Turn } from "./turn.ts";

type Ask<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Occupancies are read in pages of this size: an outage may be long, and the machine well booked. */
const PAGE = 200;

/** The bookings that an outage at these times ends, oldest first: those that wait and those that have not begun to be used. One more than may be. */
export function affectedBy(
  { store, machine, now }: Pick<Turn, "store" | "machine" | "now">,
  times: OutageTimes,
): ReservationRecord[] {
  const affected: ReservationRecord[] = [];
  for (const { id } of occupantsOf(store, { ...times, starts_at: Math.max(now, times.starts_at) })) {
    const held = store.reservation(id);
    if (held && isLegal(held.status, "cancel") && isHit(times, machine.zone, held, now)) affected.push(held);
    if (affected.length > MAX_AFFECTED) break;
  }
  return affected;
}

const isHit = (times: OutageTimes, zone: Turn["machine"]["zone"], held: Interval, now: number): boolean =>
  stretchesOf(times, zone, Math.max(now, held.starts_at), held.ends_at).length > 0;

/** What bookings hold of a range, page by page. */
function* occupantsOf({ occupancy }: Store, range: Interval): Generator<{ id: string }> {
  for (let from = range.starts_at; ; ) {
    const page = occupancy.between(from, range.ends_at, PAGE);
    yield* page.filter((held) => held.kind === "reservation" && overlaps(held, range));
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    from = last.blocked_to;
  }
}

/** Takes the machine out. A running session goes on; nothing new begins. */
export function takeOut(turn: Turn, command: Ask<"take_out">, { actor }: CommandCall): Answer {
  const { store, now } = turn;
  const { outage_id: id, starts_at, ends_at, weekly, reason: said, displaced } = command;
  if (ends_at <= now) return outageRefused("in_the_past", "The outage would be over already.");
  if (store.outages.ahead(now).length >= MAX_OUTAGES) {
    return outageRefused("too_many_outages", `A machine has at most ${MAX_OUTAGES} outages that are not over.`);
  }
  const affected = affectedBy(turn, command);
  const refusal = disagreement(affected, displaced);
  if (refusal) return refusal;
  const outage = turn.keepOutage(null, {
    id,
    status: "open",
    starts_at,
    ends_at,
    weekly,
    reason: said,
    created_by: actor.id,
    lifted_by: null,
    lifted_at: null,
  });
  return done({ outage, cancelled: makeWay(turn, outage, affected, displaced) });
}

/** Changes when an outage is, or what is said of it. What it newly meets gives way; what it leaves is free. */
export function amendOutage(turn: Turn, command: Ask<"amend_outage">): Answer {
  const { store, now } = turn;
  const current = store.outages.get(command.outage_id);
  if (!current) return notFound("outage");
  if (command.if_version !== current.version) {
    return refuse("stale_version", [reason("stale_version", "The outage changed since it was read.")]);
  }
  if (current.status === "lifted" || current.ends_at <= now) return over();
  const { starts_at, ends_at, weekly, reason: said } = { ...current, ...definedOnly(command) };
  if (current.starts_at <= now && starts_at !== current.starts_at) {
    return outageRefused("already_started", "Only the end of an outage that has begun can change.");
  }
  if (ends_at <= now) return outageRefused("in_the_past", "The end has passed.", "Lift it instead.");
  const affected = affectedBy(turn, { starts_at, ends_at, weekly });
  const refusal = disagreement(affected, command.displaced);
  if (refusal) return refusal;
  const outage = turn.keepOutage(current, { ...current, starts_at, ends_at, weekly, reason: said });
  const cancelled = makeWay(turn, outage, affected, command.displaced);
  freeAgain(turn, current);
  return done({ outage, cancelled });
}

/** The machine is back from now on. */
export function liftOutage(turn: Turn, command: Ask<"lift_outage">, { actor }: CommandCall): Answer {
  const current = turn.store.outages.get(command.outage_id);
  if (!current) return notFound("outage");
  if (current.status === "lifted") return done({ outage: current });
  if (current.ends_at <= turn.now) return over();
  const lifted = { status: "lifted", lifted_by: actor.id, lifted_at: turn.now } as const;
  const outage = turn.keepOutage(current, { ...current, ...lifted });
  freeAgain(turn, current);
  return done({ outage });
}

const over = (): Answer => outageRefused("outage_over", "The outage is over, or was lifted.");

/** Null when exactly those are named that the outage meets, as they are now. */
function disagreement(affected: readonly ReservationRecord[], displaced: readonly Displaced[]): Answer | null {
  if (affected.length > MAX_AFFECTED) {
    const detail = `More than ${MAX_AFFECTED} bookings are in its way.`;
    return outageRefused("too_many_affected", detail, "Take the machine out in several parts.");
  }
  const seen = new Map(displaced.map((one) => [one.reservation_id, one.version]));
  const isSame = seen.size === affected.length && affected.every(({ id, version }) => seen.get(id) === version);
  return isSame ? null : planStale();
}

/** Ends what is in the way of an outage that is written already. @returns how many bookings */
function makeWay(
  turn: Turn,
  outage: OutageRecord,
  affected: readonly ReservationRecord[],
  displaced: readonly Displaced[],
): number {
  const { store, machine, now } = turn;
  const fates = new Map(displaced.map((one) => [one.reservation_id, one]));
  for (const held of affected) {
    const { moved_to = null, alternatives } = fates.get(held.id) ?? {};
    withdraw(
      turn,
      held,
      outage.reason,
      { cancelled_by: "outage", outage_id: outage.id, moved_to: moved_to?.reservation_id ?? null },
      {
        ...(alternatives && { alternatives: alternatives.join(",") }),
        ...(moved_to && {
          moved_to: moved_to.reservation_id,
          moved_to_equipment_id: moved_to.equipment_id,
          moved_to_hold_id: moved_to.hold_id,
        }),
      },
    );
  }
  for (const kept of store.holds.of(null)) {
    if (isHit(outage, machine.zone, kept, now)) letGo(turn, kept, "hold.released");
  }
  return affected.length;
}

/** What an outage no longer takes is anybody's. */
function freeAgain(turn: Turn, { starts_at, ends_at }: Interval): void {
  freed(turn, { blocked_from: Math.max(turn.now, starts_at), blocked_to: ends_at });
}
