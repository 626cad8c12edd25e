/**
 * Several machines at once, all or nothing (docs/adr/0022-bundles.md). The others keep their slots for a bundle; then its coordinator books
 * its own and writes down that the bundle is committed, in one transaction: that is the decision. What a machine keeps never ends by time
 * alone: the machine asks the coordinator, which writes down a "no" that stays if it knows nothing.
 */

import type { BundleOutcome, Command, CommandCall, ReservationRecord } from "../../src/modules/equipment/port.ts";
import { SECOND } from "../../src/platform/time.ts";
import { judge, reserve, takeUp, withdraw } from "./bookings.ts";
import { outDuring } from "./in-service.ts";
import { type Answer, bundleOver, done, slotTaken } from "./refusals.ts";
import { release } from "./slots.ts";
import type { Part } from "./store/bundles.ts";
import type { Turn } from "./turn.ts";

type Ask<T extends Command["type"]> = Extract<Command, { type: T }>;

/** A slot is kept this long before its machine asks what became of the bundle; by the machine's clock. */
export const ASK_AFTER_MS = 30 * SECOND;

/** Keeps a slot for a bundle, judged like the booking that it becomes. */
export function holdPart(turn: Turn, command: Ask<"hold_part">, call: CommandCall): Answer {
  const { store, now } = turn;
  const { bundle_id, coordinator_id } = command;
  if (store.bundles.part(bundle_id)) return done({});
  const judged = judge(turn, { ...command, hold_id: null }, call, bundle_id);
  if (!judged.ok) return judged;
  const { draft, wish, holder } = judged;
  const conflict = takeUp(turn, draft.id, wish, null, "hold");
  if (conflict) return slotTaken(conflict, turn.machine.policy.buffer_minutes);
  const { actor, request_id, pricing } = turn;
  const kept_at = Date.now();
  store.bundles.put({ bundle_id, coordinator_id, draft, holder, pricing, actor, request_id, kept_at });
  store.timers.set(bundle_id, "ask", now + ASK_AFTER_MS);
  turn.announce("machine.refreshed");
  return done({});
}

/** The decision: the coordinator books its own slot, and with it everybody's. */
export function commitBundle(turn: Turn, command: Ask<"commit_bundle">, call: CommandCall): Answer {
  const { bundles, timers } = turn.store;
  const { bundle_id, parts } = command;
  // Somebody has asked already, and was told no.
  if (bundles.outcome(bundle_id) !== null) return bundleOver();
  const booked = reserve(turn, { ...command, hold_id: null }, call, bundle_id);
  if (!booked.ok) return booked;
  bundles.decide(bundle_id, "committed", parts, turn.now);
  // Nobody has to be told of a bundle of one.
  if (parts.length > 0) timers.set(bundle_id, "confirm", turn.now);
  return booked;
}

/** The coordinator's word: what was decided, or from now on no. */
export function outcomeOf({ store, now }: Turn, bundle_id: string): BundleOutcome {
  const known = store.bundles.outcome(bundle_id);
  if (known) return known;
  store.bundles.decide(bundle_id, "aborted", [], now);
  return "aborted";
}

/** Books what was kept; repeating it changes nothing. Null when this machine has neither the part nor the reservation. */
export function confirmPart(turn: Turn, bundle_id: string, reservation_id: string): ReservationRecord | null {
  const { store } = turn;
  const part = store.bundles.part(bundle_id);
  const booked = store.reservation(reservation_id);
  if (!part) return booked;
  const { draft, holder, kept_at } = part;
  store.bundles.drop(bundle_id);
  store.timers.drop(bundle_id);
  if (booked) {
    // A request that came late has kept the slot once more.
    release(turn, draft.id, draft.ends_at);
    return booked;
  }
  if (holder) store.people.remember(holder);
  store.occupancy.become(draft.id, draft.ends_at, "reservation");
  turn.pricing = part.pricing;
  const reservation = turn.book(draft);
  // Who was turned away since is let in by no door, and nobody where the machine is out by now.
  if (store.people.isSweptSince(draft.member_id, kept_at)) {
    return withdraw(turn, reservation, "The membership changed while this was being booked.", {
      cancelled_by: "standing",
    });
  }
  if (!outDuring(turn, reservation)) return reservation;
  return withdraw(turn, reservation, "The machine went out of service while this was being booked.", {
    cancelled_by: "outage",
  });
}

/** Frees what was kept. */
export function dropPart(turn: Turn, { bundle_id, draft }: Part): void {
  turn.store.bundles.drop(bundle_id);
  turn.store.timers.drop(bundle_id);
  release(turn, draft.id, draft.ends_at);
  turn.announce("machine.refreshed");
}
