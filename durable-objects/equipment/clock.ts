/** What time does by itself. Run before every command and by the alarm, so that a late alarm changes no answer. */

import type { ReservationRecord } from "../../src/modules/equipment/port.ts";
import { describeError, log } from "../../src/platform/log.ts";
import { HOUR, MINUTE, SECOND } from "../../src/platform/time.ts";
import { missed, withdraw } from "./bookings.ts";
import { letGo } from "./holds.ts";
import { REFRESH } from "./journal.ts";
import { lapseOffer } from "./offers.ts";
import { overrun } from "./overrun.ts";
import { isLegal } from "./refusals.ts";
import { release } from "./slots.ts";
import type { Timer } from "./timers.ts";
import type { Turn } from "./turn.ts";

/** Expired keys are swept at most this often. */
const KEYS_EVERY_MS = HOUR;
const RETRY_MS = MINUTE;
/** Machines that did not answer about a bundle are asked again after this. */
const BUNDLE_RETRY_MS = 5 * SECOND;

/** Takes every step that is due. */
export function settle(turn: Turn): void {
  const { timers } = turn.store;
  let refresh = false;
  while (timers.dueAt <= turn.now) {
    timers.reload();
    const timer = timers.first();
    if (!timer || timer.due_at > turn.now) continue;
    timers.drop(timer.ref);
    if (timer.ref === REFRESH) refresh = true;
    else take(turn, timer);
  }
  // A step has shown the present anyway.
  if (refresh && turn.events.length === 0) turn.announce("machine.refreshed");
}

/** One step must not hold up the rest, nor the command that waits behind it: if it fails it is undone and comes again later. */
function take(turn: Turn, timer: Timer): void {
  const { storage, timers, equipment_id } = turn.store;
  const happened = turn.events.length;
  try {
    storage.transactionSync(() => steps[timer.kind](turn, timer));
  } catch (error) {
    turn.events.length = happened;
    turn.store.undone();
    timers.set(timer.ref, timer.kind, turn.now + RETRY_MS);
    log.error("clock_step_failed", { equipment_id, kind: timer.kind, ref: timer.ref, error: describeError(error) });
  }
}

/** One step of the clock on what its timer names. A status that has moved on meanwhile is left alone. */
const steps: Record<Timer["kind"], (turn: Turn, timer: Timer) => void> = {
  expire(turn, { ref }) {
    const pending = turn.store.reservation(ref);
    if (!pending || !isLegal(pending.status, "expire")) return;
    release(turn, ref, pending.ends_at);
    turn.change(pending, { status: "expired" }, "reservation.expired");
  },

  begin(turn, { ref }) {
    const approved = turn.store.reservation(ref);
    if (!approved || !isLegal(approved.status, "begin")) return;
    turn.change(approved, { status: "active" }, "reservation.started");
  },

  miss(turn, { ref }) {
    const approved = turn.store.reservation(ref);
    if (!approved || !isLegal(approved.status, "miss")) return;
    // Where check-in has been switched off since, nobody could have checked in.
    if (turn.machine.policy.check_in !== "required") turn.armFor(approved);
    else if (turn.store.openSession()) stillWaits(turn, approved);
    else missed(turn, approved, null);
  },

  lapse(turn, { ref }) {
    const found = turn.store.reservation(ref);
    if (!found) return;
    const active = isLegal(found.status, "begin")
      ? turn.change(found, { status: "active" }, "reservation.started")
      : found;
    // A running session ends its booking itself.
    if (isLegal(active.status, "lapse") && turn.store.openSession()?.reservation_id !== ref) {
      turn.change(active, { status: "completed" }, "reservation.completed");
    }
    turn.store.occupancy.dropPast(turn.now);
  },

  overrun(turn, { ref, due_at }) {
    const { store } = turn;
    const session = store.session(ref);
    if (session?.status !== "active") return;
    overrun(turn, session, due_at);
  },

  let_go(turn, { ref }) {
    const kept = turn.store.holds.get(ref);
    if (kept) letGo(turn, kept, "hold.expired");
  },

  ask: settleBundle,

  confirm: settleBundle,

  lapse_offer(turn, { ref }) {
    const offer = turn.store.offers.get(ref);
    if (offer) lapseOffer(turn, offer);
  },

  keys(turn) {
    const { keys, store } = turn.world;
    const next = keys.sweep(turn.now);
    if (next !== null) store.timers.set("keys", "keys", Math.max(next, turn.now + KEYS_EVERY_MS));
  },

  refresh() {},
};

/** Nobody misses a machine that is still in use: their grace goes on, and a booking whose whole time went by is taken back. */
function stillWaits(turn: Turn, approved: ReservationRecord): void {
  const { now, machine, store } = turn;
  if (approved.ends_at <= now) {
    withdraw(turn, approved, "The machine was in use all the time.", { cancelled_by: "system" });
    return;
  }
  const grace = Math.max(machine.policy.grace_minutes * MINUTE, MINUTE);
  store.timers.set(approved.id, "miss", Math.min(now + grace, approved.ends_at));
}

/** Another machine has to be asked or told, which takes time: it is called due, and comes again until it is settled. */
function settleBundle({ now, store }: Turn, { ref, kind }: Timer): void {
  store.bundles.due.add(ref);
  store.timers.set(ref, kind, now + BUNDLE_RETRY_MS);
}
