/**
 * What stands before a booking besides the machine's own rules: opening hours, the plan of the person, and what was read of them. Every
 * door asks here, and every reason is collected, so that one answer helps.
 */

import { type Interval, mayOverride } from "../../src/modules/equipment/model.ts";
import type { CommandCall, Facts, Refusal } from "../../src/modules/equipment/port.ts";
import type { ReasonInput } from "../../src/platform/problem.ts";
import { closedWithin, type Hours, nextOpening, openUntil } from "../../src/platform/settings/hours.ts";
import { judgeSkills } from "../../src/platform/skills.ts";
import { DAY, MINUTE, toIso } from "../../src/platform/time.ts";
import type { Machine, Opening } from "./machine.ts";
import { refuse } from "./refusals.ts";
import { brokenRules, type RuleScope, reason, WHOLE } from "./rules.ts";
import type { Turn } from "./turn.ts";

/** Who asks, and what was read of them. */
type Asking = Pick<CommandCall, "actor" | "facts">;

/** What the windows of the makerspace, the machine and the plan say against a stretch of time. */
function closed({ zone, openings }: Machine, { plan }: Facts["gates"], slot: Interval): ReasonInput[] {
  const { starts_at, ends_at } = slot;
  const against = (windows: Hours, code: string, detail: string, closures: Opening["closures"] = []): ReasonInput[] => {
    const [first] = closedWithin(windows, zone, starts_at, ends_at);
    if (!first) return [];
    const day = zone.day(first.from);
    const named = closures.find(({ from_day, to_day }) => from_day <= day && day <= to_day);
    const opens_at = nextOpening(windows, zone, first.from);
    const fix = opens_at === null ? {} : { fix: `It opens at ${toIso(opens_at)}.` };
    const limit = {
      closed_from: toIso(first.from),
      closed_to: toIso(first.to),
      ...(named && { closure: named.title }),
    };
    return [reason(code, named ? `${detail} ${named.title}` : detail, { ...fix, limit })];
  };
  const words = {
    closed: `The makerspace is closed in a part of this time (${zone.name}).`,
    machine_closed: `The machine is closed in a part of this time (${zone.name}).`,
  };
  return [
    ...openings.flatMap(({ hours, code, closures }) => against(hours, code, words[code], closures)),
    ...against(
      plan?.access_windows ?? null,
      "outside_access_hours",
      "The plan gives no access in a part of this time.",
    ),
  ];
}

const switchedOff = (): ReasonInput =>
  reason("feature_disabled", "This makerspace takes no bookings at present.", { fix: "Ask the staff." });

/** The limits of the plan on one booking. */
function beyondPlan(
  now: number,
  { plan }: Facts["gates"],
  { starts_at, ends_at }: Interval,
  scope: RuleScope,
): ReasonInput[] {
  if (!plan) return [];
  const { advance_days, max_duration_minutes, covers } = plan;
  const reasons: ReasonInput[] = [];
  if (starts_at < covers.from || (covers.to !== null && ends_at > covers.to)) {
    const limit = {
      membership_from: toIso(covers.from),
      ...(covers.to !== null && { membership_to: toIso(covers.to) }),
    };
    reasons.push(
      reason("outside_membership", "The membership does not cover this time.", { fix: "Renew the membership.", limit }),
    );
  }
  if (scope.start && advance_days !== null && starts_at > now + advance_days * DAY) {
    const fix = `Start at ${toIso(now + advance_days * DAY)} or sooner.`;
    reasons.push(
      reason("beyond_plan_horizon", `The plan books at most ${advance_days} days ahead.`, {
        fix,
        limit: { advance_days },
      }),
    );
  }
  if (max_duration_minutes !== null && ends_at - starts_at > max_duration_minutes * MINUTE) {
    reasons.push(
      reason("longer_than_plan", `A booking of this plan takes at most ${max_duration_minutes} minutes.`, {
        limit: { max_duration_minutes },
      }),
    );
  }
  return reasons;
}

/**
 * Everything that is said against a slot, by the machine, the makerspace, the plan and the facts about the person.
 * @param fresh the part of it that nobody has judged yet
 */
export function againstSlot(
  now: number,
  machine: Machine,
  slot: Interval,
  gates: Facts["gates"],
  scope = WHOLE,
  fresh = slot,
): ReasonInput[] {
  const { policy, zone } = machine;
  const rules = brokenRules(slot, { now, policy, zone, staff: false }, scope);
  // A slot that is no stretch of time has no hours.
  if (slot.ends_at <= slot.starts_at) return rules;
  return [
    ...(gates.bookings_enabled ? [] : [switchedOff()]),
    ...rules,
    ...closed(machine, gates, fresh),
    ...beyondPlan(now, gates, slot, scope),
    ...gates.reasons,
    ...judgeSkills(gates.skills, slot.starts_at, now).reasons,
  ];
}

/** What somebody has to heed: staff pass over some, which goes into the audit. */
export function heeded(turn: Turn, { actor }: Asking, reasons: readonly ReasonInput[]): ReasonInput[] {
  if (actor.authority !== "any") return [...reasons];
  for (const each of reasons.filter(mayOverride)) turn.overridden.add(each.code);
  return reasons.filter((each) => !mayOverride(each));
}

/** The refusal that these reasons make, or null when there are none. */
export function refusalFor(reasons: readonly ReasonInput[]): Refusal | null {
  if (reasons.length === 0) return null;
  const said = (["feature_disabled", "skill_required"] as const).find((name) =>
    reasons.some(({ code }) => code === name),
  );
  return refuse(said ?? "booking_refused", [...reasons]);
}

/** What the machine's skills say of a time that begins at `at`; what only warns is noted for the answer. */
export function skillReasons(turn: Turn, { facts }: Asking, at: number): ReasonInput[] {
  const { reasons, warnings } = judgeSkills(facts.gates.skills, at, turn.now);
  turn.warnings.push(...warnings);
  return reasons;
}

/** What the machine keeps free between bookings of one member; `but` is the one that moves. */
export function withinOwnGap(
  { store, machine }: Turn,
  member_id: string | null,
  slot: Interval,
  but = "",
): ReasonInput[] {
  const { own_gap_minutes } = machine.policy;
  if (own_gap_minutes === 0 || member_id === null || slot.ends_at <= slot.starts_at) return [];
  const gap = own_gap_minutes * MINUTE;
  const near = store.occupancy
    .between(slot.starts_at - gap, slot.ends_at + gap)
    .find(
      (held) =>
        held.kind === "reservation" &&
        held.id !== but &&
        held.member_id === member_id &&
        held.ends_at > slot.starts_at - gap &&
        held.starts_at < slot.ends_at + gap,
    );
  if (!near) return [];
  const limit = { own_gap_minutes, starts_at: toIso(near.starts_at), ends_at: toIso(near.ends_at) };
  const fix = `Start at ${toIso(near.ends_at + gap)} or later, or end by ${toIso(near.starts_at - gap)}.`;
  return [reason("own_gap", `Bookings of one member lie ${own_gap_minutes} minutes apart here.`, { fix, limit })];
}

/** May this person have this slot? */
export function judgeSlot(turn: Turn, call: Asking, slot: Interval, scope = WHOLE): Refusal | null {
  skillReasons(turn, call, slot.starts_at);
  const reasons = againstSlot(turn.now, turn.machine, slot, call.facts.gates, scope);
  const member_id = call.facts.holder?.member_id ?? null;
  return refusalFor(heeded(turn, call, [...reasons, ...withinOwnGap(turn, member_id, slot)]));
}

/** May this person be admitted to what they have asked for? Staff decide that, so they pass over what they may. */
export const judgePerson = (turn: Turn, call: Asking, { starts_at }: Interval): Refusal | null =>
  refusalFor(heeded(turn, call, [...call.facts.gates.reasons, ...skillReasons(turn, call, starts_at)]));

/** May this person use what was booked for them? What staff may pass over was settled with the booking; standing, skill and safety count today. */
export const judgeUse = (turn: Turn, call: Asking): Refusal | null =>
  refusalFor([...call.facts.gates.reasons.filter((each) => !mayOverride(each)), ...skillReasons(turn, call, turn.now)]);

/**
 * A walk-up begins now and ends as planned, or when the makerspace closes or the plan's access ends; staff may stay on.
 * @returns the reasons against it, and when it has to end at the latest
 */
export function judgeWalkUp(
  turn: Turn,
  call: Asking,
  planned_minutes: number,
): { reasons: ReasonInput[]; until: number } {
  const { now, machine } = turn;
  const { gates } = call.facts;
  const { zone, openings } = machine;
  const windows = [...openings.map(({ hours }) => hours), gates.plan?.access_windows ?? null];
  const slot = { starts_at: now, ends_at: now + planned_minutes * MINUTE };
  const reasons = heeded(turn, call, [
    ...(gates.bookings_enabled ? [] : [switchedOff()]),
    ...closed(machine, gates, { starts_at: now, ends_at: now + 1 }),
    ...beyondPlan(now, gates, slot, { start: false, end: false, notice: false }),
    ...gates.reasons,
    ...skillReasons(turn, call, now),
  ]);
  const isFree = call.actor.authority === "any";
  const ends = windows.map((each) => (isFree ? null : openUntil(each, zone, now)) ?? Number.POSITIVE_INFINITY);
  return { reasons, until: Math.min(...ends) };
}
