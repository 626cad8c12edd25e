/** Whether a booking needs the word of the staff: never, always, or unless one of the machine's rules approves it by itself. */

import type { ApprovalRule, Interval } from "../../src/modules/equipment/model.ts";
import type { CommandCall } from "../../src/modules/equipment/port.ts";
import { frozenOf } from "../../src/modules/equipment/prices/model.ts";
import { countingLevel, reaches, type SkillLevel } from "../../src/platform/skills.ts";
import { freeze, reprice } from "./prices.ts";
import type { Turn } from "./turn.ts";

/** What is to be approved. */
interface Asked extends Interval {
  member_id: string;
  project_id: string | null;
  /** Of a booking that moves: the terms it was made under. */
  price?: string | null;
}

type Asking = Pick<CommandCall, "actor" | "facts">;

/** Holds somebody a skill at this level in every group that the machine asks for? A machine that asks for nothing knows no levels. */
function hasLevel({ facts }: Asking, least: SkillLevel, at: number, now: number): boolean {
  const groups = facts.gates.skills?.groups ?? [];
  const holds = (holdings: Parameters<typeof countingLevel>[0]): boolean => {
    const level = countingLevel(holdings, at, now);
    return level !== null && reaches(level, least);
  };
  return groups.length > 0 && groups.every(({ skills }) => skills.some(({ holdings }) => holds(holdings)));
}

/** All that a rule says has to hold; one that says nothing approves nothing. */
function approves(turn: Turn, call: Asking, rule: ApprovalRule, asked: Asked): boolean {
  const { min_level, duty, price_below_minor } = rule;
  if (min_level === null && duty === null && price_below_minor === null) return false;
  if (min_level !== null && !hasLevel(call, min_level, asked.starts_at, turn.now)) return false;
  if (duty !== null && !call.facts.duties?.includes(duty)) return false;
  if (price_below_minor === null) return true;
  const { store, machine, pricing, now } = turn;
  const price =
    asked.price === undefined
      ? freeze(store.prices, machine, pricing, asked, now)
      : reprice(store.prices, machine, asked.price, asked);
  return (frozenOf({ price })?.total_minor ?? 0) < price_below_minor;
}

/** True when staff have to approve it; what they book themselves is approved. */
export function needsStaff(turn: Turn, call: Asking, asked: Asked): boolean {
  const { approval, approval_rules } = turn.machine.policy;
  if (approval === "none" || call.actor.authority === "any") return false;
  return approval === "staff" || !approval_rules.some((rule) => approves(turn, call, rule, asked));
}
