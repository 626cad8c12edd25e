/**
 * Freed time and those who wait for it. Whatever frees time ends here: in the same transaction it is kept by an offer without a person. Who
 * is next and may have it is found outside; then it is theirs for a while, or free.
 */

import type { Interval } from "../../src/modules/equipment/model.ts";
import type {
  Command,
  CommandCall,
  HolderFacts,
  OfferRecord,
  Refusal,
  WaitingWindow,
} from "../../src/modules/equipment/port.ts";
import { newId } from "../../src/platform/ids.ts";
import { MINUTE } from "../../src/platform/time.ts";
import type { Zone } from "../../src/platform/zone.ts";
import { drafted, mayHave } from "./bookings.ts";
import { type Answer, done, mayTouch, notYours, offerGone, refuse, slotTaken } from "./refusals.ts";
import { reason, WHOLE } from "./rules.ts";
import { plain } from "./schedule.ts";
import { place, restore, wishOf } from "./slots.ts";
import type { Turn } from "./turn.ts";

type Ask<T extends Command["type"]> = Extract<Command, { type: T }>;

/** An offer for which nobody is found in this time is free again: D1 does not answer. */
export const UNRESOLVED_MS = 2 * MINUTE;

/** So many starts are tried for one who waits. */
const MOST_STARTS = 48;

/** Offers what this turn has freed to those who wait; the last thing that a turn does. */
export function offerFreed(turn: Turn): void {
  for (const stretch of turn.takeFreed()) {
    const from = Math.max(stretch.starts_at, turn.now);
    if (turn.store.state.retired_at !== null || from >= stretch.ends_at) continue;
    turn.store.offers.dropPast(turn.now);
    for (const gap of gapsIn(turn, { starts_at: from, ends_at: stretch.ends_at })) offerGap(turn, gap);
  }
}

/** The parts of a stretch that nobody holds. */
function gapsIn({ store }: Turn, stretch: Interval): Interval[] {
  const gaps: Interval[] = [];
  let from = stretch.starts_at;
  for (const held of store.occupancy.between(stretch.starts_at, stretch.ends_at)) {
    if (held.blocked_from > from) gaps.push({ starts_at: from, ends_at: held.blocked_from });
    from = Math.max(from, held.blocked_to);
  }
  return from < stretch.ends_at ? [...gaps, { starts_at: from, ends_at: stretch.ends_at }] : gaps;
}

/** What is free around a gap, up to the neighbours, with this machine's buffer before the next. */
function roomAround({ store, machine, now }: Turn, gap: Interval): Interval {
  const before = store.occupancy.before(gap.ends_at);
  const after = store.occupancy.after(gap.ends_at);
  const buffer = machine.policy.buffer_minutes * MINUTE;
  return {
    starts_at: Math.max(now, before?.blocked_to ?? now),
    ends_at: after ? after.blocked_from - buffer : Number.MAX_SAFE_INTEGER,
  };
}

const meet = (a: Interval, b: Interval): Interval => ({
  starts_at: Math.max(a.starts_at, b.starts_at),
  ends_at: Math.min(a.ends_at, b.ends_at),
});

const windowOf = ({ window_starts_at: starts_at, window_ends_at: ends_at }: WaitingWindow): Interval => ({
  starts_at,
  ends_at,
});

/** Keeps what those who wait could have of a gap, for whoever of them is found. */
function offerGap(turn: Turn, gap: Interval): void {
  const room = roomAround(turn, gap);
  const grid = turn.machine.policy.granularity_minutes * MINUTE;
  const wanted = turn.store.offers.reaching(gap).flatMap((window) => regionFor(gap, room, window, grid) ?? []);
  if (wanted.length === 0) return;
  const whole = {
    starts_at: Math.min(...wanted.map((region) => region.starts_at)),
    ends_at: Math.max(...wanted.map((region) => region.ends_at)),
  };
  const id = newId();
  if (place(turn, "offer", id, wishOf(turn, null, whole))) return;
  const { now, store } = turn;
  const nobody = { entry_id: null, member_id: null };
  const { equipment_id } = store;
  keepOffer(
    turn,
    { id, equipment_id, ...nobody, ...whole, expires_at: now + UNRESOLVED_MS, created_at: now },
    "opened",
  );
}

/**
 * Where somebody could use freed time: from its beginning on, into what is free after it; or, when that is too short, out of what was free
 * before it. Null when it is too short all in all.
 */
function regionFor(gap: Interval, room: Interval, window: WaitingWindow, grid: number): Interval | null {
  const length = window.minutes * MINUTE;
  const { starts_at, ends_at } = meet(room, windowOf(window));
  const from = Math.max(starts_at, gap.starts_at);
  if (ends_at - from >= length) return { starts_at: from, ends_at: Math.min(ends_at, gap.ends_at + length) };
  if (ends_at - starts_at < length) return null;
  return { starts_at: Math.max(starts_at, ends_at - length - grid), ends_at };
}

function keepOffer(turn: Turn, offer: OfferRecord, what: "opened" | "assigned"): OfferRecord {
  turn.store.offers.put(offer);
  turn.store.timers.set(offer.id, "lapse_offer", offer.expires_at);
  turn.offerEvent(`offer.${what}`, offer);
  return offer;
}

/** Notes who waits. */
export function wait({ store, now }: Turn, { windows }: Ask<"wait">): Answer {
  for (const window of windows) if (window.window_ends_at > now) store.offers.wait(window);
  return done({});
}

/** Those who wait no more; what was offered to them goes to the next. */
export function stopWaiting(turn: Turn, { entry_ids }: Ask<"stop_waiting">): Answer {
  for (const entry_id of entry_ids) {
    turn.store.offers.stop(entry_id);
    const offer = turn.store.offers.to(entry_id);
    if (offer) passOn(turn, offer);
  }
  return done({});
}

/** Ends an offer that its member did not take: to the next. */
export function passOn(turn: Turn, offer: OfferRecord): void {
  forgetOffer(turn, offer);
  turn.offerEvent("offer.lapsed", offer);
  turn.noteFreed(endOffer(turn, offer));
}

/** Ends an offer for which nobody was found: the time is free. */
export function releaseOffer(turn: Turn, offer: OfferRecord): void {
  forgetOffer(turn, offer);
  turn.offerEvent("offer.released", offer);
  endOffer(turn, offer);
}

function forgetOffer({ store }: Turn, { id }: OfferRecord): void {
  store.offers.drop(id);
  store.timers.drop(id);
}

/** Gives up what an offer keeps. */
function endOffer(turn: Turn, offer: OfferRecord): Interval {
  const held = turn.store.occupancy.of(offer.id, offer.ends_at);
  if (!held) return plain(offer);
  turn.store.occupancy.unhold(held);
  restore(turn, held);
  return { starts_at: held.blocked_from, ends_at: held.blocked_to };
}

/** The clock: nobody was found, or the one who was has not answered. */
export const lapseOffer = (turn: Turn, offer: OfferRecord): void =>
  offer.member_id === null ? releaseOffer(turn, offer) : passOn(turn, offer);

/** Ends an offer that nobody was found for, unless that has happened. */
export function giveUpOffer(turn: Turn, { offer_id }: Ask<"release_offer">): Answer {
  const offer = turn.store.offers.get(offer_id);
  if (offer?.member_id === null) releaseOffer(turn, offer);
  return done({});
}

/** The first time on the grid from `at` on. */
const onGrid = (zone: Zone, at: number, minutes: number): number => {
  const past = zone.sinceMidnight(at) % (minutes * MINUTE);
  return past === 0 ? at : at + minutes * MINUTE - past;
};

/**
 * The slot of an offer that somebody may have: the first that begins once they should have answered, or as late as their window allows.
 * An offer ends at the latest when the window has just the minutes left.
 */
function slotFor(
  turn: Turn,
  call: CommandCall,
  offer: OfferRecord,
  window: WaitingWindow,
  answer_by: number,
): { slot: Interval; expires_at: number } | Refusal {
  const { zone, policy } = turn.machine;
  const within = meet(offer, windowOf(window));
  const length = window.minutes * MINUTE;
  const latest = within.ends_at - length;
  const expires_at = Math.min(answer_by, latest);
  const grid = policy.granularity_minutes;
  let refusal: Refusal = refuse("booking_refused", [reason("too_late", "Too little of the window is left.")]);
  if (expires_at <= turn.now) return refusal;
  let at = onGrid(zone, Math.max(within.starts_at, expires_at), grid);
  for (let tries = 0; at <= latest && tries < MOST_STARTS; tries++, at = onGrid(zone, at + grid * MINUTE, grid)) {
    const slot = { starts_at: at, ends_at: at + length };
    const against = mayHave(turn, call, slot);
    if (!against) return { slot, expires_at };
    refusal = against;
  }
  return refusal;
}

/** Offers to the member who was found. Repeating it changes nothing. */
export function assignOffer(
  turn: Turn,
  { offer_id, entry_id, answer_by }: Ask<"assign_offer">,
  call: CommandCall,
): Answer {
  const { store } = turn;
  const { holder } = call.facts;
  const offer = store.offers.get(offer_id);
  if (offer?.entry_id === entry_id) return done({ offer });
  const window = store.offers.window(entry_id);
  if (!holder || offer?.entry_id !== null) return offerGone();
  // They wait no longer, or this machine has not heard of it yet: the next one may have it.
  if (!window) return refuse("booking_refused", [reason("not_waiting", "Nobody waits here under this entry.")]);
  const found = slotFor(turn, call, offer, window, answer_by);
  if ("ok" in found) return found;
  const { slot, expires_at } = found;
  const { member_id } = holder;
  const held = store.occupancy.of(offer.id, offer.ends_at);
  const conflict = place(turn, "offer", offer.id, wishOf(turn, member_id, slot), held);
  if (conflict) return slotTaken(conflict, turn.machine.policy.buffer_minutes);
  store.people.remember(holder);
  // They wait for nothing else on this machine now.
  store.offers.stop(entry_id);
  return done({ offer: keepOffer(turn, { ...offer, entry_id, member_id, ...slot, expires_at }, "assigned") });
}

/** Books what is offered. Notice was given when it was offered; everything else is asked again. */
export function acceptOffer(turn: Turn, command: Ask<"accept_offer">, call: CommandCall): Answer {
  const { holder } = call.facts;
  const offer = turn.store.offers.to(command.entry_id);
  if (!holder || !mayTouch(call.actor, holder.member_id)) return notYours("reservation");
  if (offer?.member_id !== holder.member_id) return offerGone();
  const refusal = mayHave(turn, call, offer, { ...WHOLE, notice: false });
  return refusal ?? take(turn, command, call, offer, holder);
}

function take(
  turn: Turn,
  command: Ask<"accept_offer">,
  call: CommandCall,
  offer: OfferRecord,
  holder: HolderFacts,
): Answer {
  const { reservation_id: id, purpose, project_id } = command;
  const held = turn.store.occupancy.of(offer.id, offer.ends_at);
  const conflict = place(turn, "reservation", id, wishOf(turn, holder.member_id, offer), held);
  if (conflict) return slotTaken(conflict, turn.machine.policy.buffer_minutes);
  forgetOffer(turn, offer);
  const words = { purpose, project_id, metadata: "{}", external_id: null, series_id: null, bundle_id: null };
  const reservation = turn.book(drafted(turn, call, holder, { id, ...plain(offer), ...words }));
  turn.offerEvent("offer.accepted", offer, id);
  return done({ reservation });
}
