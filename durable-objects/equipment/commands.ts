/** From a call to its answer: what stands before every command, then the command itself. All of it synchronous, inside one transaction. */

import { FACTS_GOOD_FOR_MS } from "../../src/modules/equipment/model.ts";
import type { Command, CommandCall, CommandResult, Facts } from "../../src/modules/equipment/port.ts";
import { retire, sweepMember, sweepUnskilled } from "./administration.ts";
import { amend } from "./amend.ts";
import { approve, cancel, checkIn, excuse, noShow, reject, reserve } from "./bookings.ts";
import { commitBundle, holdPart } from "./bundles.ts";
import { hold, releaseHold, renewHold } from "./holds.ts";
import type { Machine } from "./machine.ts";
import { acceptOffer, assignOffer, giveUpOffer, stopWaiting, wait } from "./offers.ts";
import { type Answer, refuse, retired, staleFacts } from "./refusals.ts";
import { reason } from "./rules.ts";
import { amendSeries, cancelSeries, reserveSeries } from "./series.ts";
import { amendOutage, liftOutage, takeOut } from "./take-out.ts";
import type { Turn } from "./turn.ts";
import { endSession, startSession } from "./use.ts";

/** Decides and writes. `wall` is the host's clock: the age of facts is not a matter of the machine's own time. */
export function answer(turn: Turn, call: CommandCall, wall: number): Answer {
  // Turning a member away rests on no facts and is never refused.
  const refusal = call.command.type === "sweep_member" ? null : refusalBefore(turn, call, wall);
  if (refusal) return refusal;
  turn.pricing = call.facts.pricing ?? null;
  const answered = dispatch(turn, call.command, call);
  return answered.ok && turn.warnings.length > 0 ? { ...answered, warnings: turn.warnings } : answered;
}

/**
 * What a machine answers that has no settings yet: it is given them and asked again. Nobody has booked there, so a member may be turned
 * away; whatever is in flight meanwhile meets the second sweep.
 */
export const unknownMachine = ({ command }: CommandCall): CommandResult =>
  command.type === "sweep_member" || command.type === "sweep_unskilled"
    ? { ok: true, replayed: false, reservation: null, session: null, hold: null, cancelled: 0 }
    : refuse("policy_behind", [reason("policy_behind", "The machine has not got its settings.")]);

/** True when the worker has seen settings that this machine has not got. */
export function isBehind({ versions }: Machine, { policy_versions: seen }: Facts): boolean {
  return (Object.keys(versions) as (keyof typeof versions)[]).some((part) => seen[part] > versions[part]);
}

/** What stands before every other command. */
function refusalBefore(turn: Turn, { command, facts }: CommandCall, wall: number): Answer | null {
  const { holder, decide_before } = facts;
  const isRetiring = command.type === "retire";
  // First of all: a retired machine takes no settings, so it would be behind them for ever.
  if (turn.store.state.retired_at !== null && !isRetiring) {
    return retired();
  }
  if (
    decide_before < wall ||
    (holder && turn.store.people.isSweptSince(holder.member_id, decide_before - FACTS_GOOD_FOR_MS))
  ) {
    return staleFacts("What was read before this is too old.");
  }
  // Retirement follows no policy.
  if (isRetiring) return null;
  if (isBehind(turn.machine, facts)) {
    return refuse("policy_behind", [reason("policy_behind", "The machine has not got the newest settings.")]);
  }
  return null;
}

function dispatch(turn: Turn, command: Command, call: CommandCall): Answer {
  switch (command.type) {
    case "reserve":
      return reserve(turn, command, call);
    case "hold_part":
      return holdPart(turn, command, call);
    case "commit_bundle":
      return commitBundle(turn, command, call);
    case "hold":
      return hold(turn, command, call);
    case "renew_hold":
      return renewHold(turn, command, call);
    case "release_hold":
      return releaseHold(turn, command, call);
    case "approve":
      return approve(turn, command, call);
    case "reject":
      return reject(turn, command, call);
    case "cancel":
      return cancel(turn, command, call);
    case "check_in":
      return checkIn(turn, command, call);
    case "no_show":
      return noShow(turn, command, call);
    case "excuse":
      return excuse(turn, command, call);
    case "amend":
      return amend(turn, command, call);
    case "start_session":
      return startSession(turn, command, call);
    case "end_session":
      return endSession(turn, command, call);
    case "take_out":
      return takeOut(turn, command, call);
    case "amend_outage":
      return amendOutage(turn, command);
    case "lift_outage":
      return liftOutage(turn, command, call);
    case "retire":
      return retire(turn);
    case "sweep_member":
      return sweepMember(turn, command);
    case "sweep_unskilled":
      return sweepUnskilled(turn, command, call);
    case "wait":
      return wait(turn, command);
    case "stop_waiting":
      return stopWaiting(turn, command);
    case "assign_offer":
      return assignOffer(turn, command, call);
    case "release_offer":
      return giveUpOffer(turn, command);
    case "accept_offer":
      return acceptOffer(turn, command, call);
    case "reserve_series":
      return reserveSeries(turn, command, call);
    case "amend_series":
      return amendSeries(turn, command, call);
    case "cancel_series":
      return cancelSeries(turn, command, call);
  }
}
