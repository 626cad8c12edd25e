/** Whether somebody could book, and every reason against it at once. Changes nothing. */

import type { Interval } from "../../src/modules/equipment/model.ts";
import type { Explained, Facts } from "../../src/modules/equipment/port.ts";
import type { ReasonInput } from "../../src/platform/problem.ts";
import { judgeSkills } from "../../src/platform/skills.ts";
import { againstSlot, withinOwnGap } from "./gates.ts";
import { ownHold } from "./holds.ts";
import { outDuring } from "./in-service.ts";
import { busy, down, retired, slotTaken } from "./refusals.ts";
import { check, wishOf } from "./slots.ts";
import type { Turn } from "./turn.ts";

/** What would be said to a new booking. */
export const explain = (turn: Turn, slot: Interval, facts: Facts): Explained => ({
  reasons: against(turn, slot, facts),
  warnings: judgeSkills(facts.gates.skills, slot.starts_at, turn.now).warnings,
});

/** What would be said against a new booking, by whomever: the gates, the machine's state, and who was there first. */
function against(turn: Turn, slot: Interval, { gates, holder }: Facts): ReasonInput[] {
  const { now, machine, store } = turn;
  if (store.state.retired_at !== null) return retired().reasons;
  const reasons = [...againstSlot(now, machine, slot, gates), ...withinOwnGap(turn, holder?.member_id ?? null, slot)];
  if (machine.isDownFor(slot.starts_at, now)) reasons.push(...down(machine.status).reasons);
  if (slot.starts_at <= now && store.openSession()) reasons.push(...busy().reasons);
  if (slot.ends_at <= slot.starts_at) return reasons;
  reasons.push(...(outDuring(turn, slot)?.reasons ?? []));
  const member_id = holder?.member_id ?? null;
  const fitting = check(turn, ownHold(turn, member_id, slot)?.id ?? "", wishOf(turn, member_id, slot));
  return fitting.ok ? reasons : [...reasons, ...slotTaken(fitting.conflict, machine.policy.buffer_minutes).reasons];
}
