/** Moving, extending and shortening a booking; with If-Match, so that nobody overwrites what they have not seen. */

import type { Interval } from "../../src/modules/equipment/model.ts";
import type { Command, CommandCall, Refusal, ReservationRecord } from "../../src/modules/equipment/port.ts";
import { definedOnly } from "../../src/platform/merge.ts";
import { needsStaff } from "./approval.ts";
import { againstSlot, heeded, refusalFor, skillReasons, withinOwnGap } from "./gates.ts";
import { outDuring } from "./in-service.ts";
import {
  type Answer,
  aboutOwner,
  busy,
  done,
  down,
  illegal,
  mayTouch,
  notFound,
  notYours,
  refuse,
  slotTaken,
} from "./refusals.ts";
import { brokenRules, reason } from "./rules.ts";
import { isWithin, pendingExpiry, plain } from "./schedule.ts";
import { place, wishOf } from "./slots.ts";
import type { Turn } from "./turn.ts";

type Amend = Extract<Command, { type: "amend" }>;

/** Changes time, purpose or project of a booking that holds its slot; of an active one only the end, the purpose and the project. */
export function amend(turn: Turn, command: Amend, call: CommandCall): Answer {
  const current = turn.store.reservation(command.reservation_id);
  if (!current) return notFound("reservation");
  if (!mayTouch(call.actor, current.member_id)) return notYours("reservation");
  if (command.if_version !== current.version) {
    return refuse("stale_version", [reason("stale_version", "The reservation changed since it was read.")]);
  }
  if (current.status !== "pending" && current.status !== "approved" && current.status !== "active") {
    return illegal(current.status, "amend");
  }
  const strange = aboutOwner(call.facts, current.member_id);
  if (strange) return strange;
  const slot = { starts_at: command.starts_at ?? current.starts_at, ends_at: command.ends_at ?? current.ends_at };
  const hasMoved = slot.starts_at !== current.starts_at || slot.ends_at !== current.ends_at;
  const refusal = hasMoved ? (judge(turn, current, slot, call) ?? move(turn, current, slot)) : null;
  if (refusal) return refusal;

  const { purpose, project_id, metadata, external_id } = { ...current, ...definedOnly(command) };
  const may_move = command.may_move === undefined ? current.may_move : command.may_move ? 1 : 0;
  const words = { purpose, project_id, metadata, external_id, may_move } as const;
  const saysMore = (Object.keys(words) as (keyof typeof words)[]).some((name) => words[name] !== current[name]);
  if (!hasMoved && !saysMore) return done({ reservation: current });
  const expires_at =
    hasMoved && current.status === "pending"
      ? pendingExpiry(current.created_at, slot.starts_at, turn.machine.policy)
      : current.expires_at;
  const patch = { ...slot, ...words, expires_at };
  return done({ reservation: turn.change(current, patch, "reservation.amended") });
}

/** The part of the new time that was not booked before; all of it, when both ends move. */
function added(slot: Interval, current: Interval): Interval {
  if (slot.starts_at === current.starts_at) return { starts_at: current.ends_at, ends_at: slot.ends_at };
  if (slot.ends_at === current.ends_at) return { starts_at: slot.starts_at, ends_at: current.starts_at };
  return slot;
}

/** What the rules say against the new time, or null. */
export function judge(turn: Turn, current: ReservationRecord, slot: Interval, call: CommandCall): Refusal | null {
  const { now, machine } = turn;
  const { policy, zone } = machine;
  const staff = call.actor.authority === "any";
  const isStartMoved = slot.starts_at !== current.starts_at;
  const shrinks = isWithin(slot, current);
  const isActive = current.status === "active";
  if (isActive && isStartMoved) {
    return refuse("booking_refused", [reason("already_started", "Only the end of a running booking can change.")]);
  }
  if (slot.ends_at < now || (slot.ends_at === now && !isActive)) {
    return refuse("booking_refused", [reason("in_the_past", "The end has passed.", { fix: "Choose a later end." })]);
  }
  // Giving time back is always possible, however little was used.
  if (isActive && shrinks && slot.ends_at > slot.starts_at) return null;

  const scope = { start: isStartMoved, end: slot.ends_at !== current.ends_at, notice: isStartMoved && !shrinks };
  if (!shrinks) skillReasons(turn, call, slot.starts_at);
  // What only shrinks takes nothing from anybody: the machine's own rules are all there is to say.
  const reasons = shrinks
    ? brokenRules(slot, { now, policy, zone, staff }, scope)
    : heeded(turn, call, [
        ...againstSlot(now, machine, slot, call.facts.gates, scope, added(slot, current)),
        ...withinOwnGap(turn, current.member_id, slot, current.id),
      ]);
  if (!shrinks && current.status !== "pending" && needsStaff(turn, call, { ...current, ...slot })) {
    reasons.push(
      reason("needs_new_approval", "Staff approved another time.", { fix: "Cancel and book again, or ask the staff." }),
    );
  }
  const refusal = refusalFor(reasons);
  if (refusal) return refusal;
  if (isStartMoved && machine.isDownFor(slot.starts_at, now)) return down(machine.status);
  const out = shrinks ? null : outDuring(turn, added(slot, current));
  if (out) return out;
  if (isStartMoved && slot.starts_at <= now && turn.store.openSession()) return busy();
  return null;
}

/** Holds the new time instead of the old, and lets a running session plan with it; or says what is in the way. */
function move(turn: Turn, current: ReservationRecord, slot: Interval): Answer | null {
  const { store } = turn;
  const held = store.occupancy.of(current.id, current.ends_at);
  // What only shrinks keeps the buffer it was booked with: a policy change never touches it.
  const wish = wishOf(turn, current.member_id, slot, isWithin(slot, current) ? held?.buffer_ms : undefined);
  // A booking that began early, was excused late or has run out goes on blocking from there.
  const from =
    slot.starts_at === current.starts_at ? (held?.blocked_from ?? Math.max(slot.starts_at, turn.now)) : slot.starts_at;
  const conflict = place(turn, "reservation", current.id, wish, held, from);
  if (conflict) return slotTaken(plain(conflict), turn.machine.policy.buffer_minutes);
  const session = current.status === "active" ? store.openSession() : null;
  if (session?.reservation_id === current.id) {
    turn.changeSession(session, { planned_end_at: slot.ends_at, overrun_at: null, collides_with: null }, null);
  }
  return null;
}
