/** What outages say to whoever wants the machine: every door asks here. */

import type { Interval } from "../../src/modules/equipment/model.ts";
import type { Refusal } from "../../src/modules/equipment/port.ts";
import { firstOutage, outUntil } from "./outages.ts";
import { outOfService } from "./refusals.ts";
import type { Turn } from "./turn.ts";

/** The refusal of a slot that an outage reaches into, or null. */
export function outDuring({ store, machine, now }: Turn, slot: Interval): Refusal | null {
  const ahead = store.outages.ahead(now);
  if (ahead.length === 0) return null;
  const first = firstOutage(ahead, machine.zone, slot);
  return first && outOfService(first.starts_at, outUntil(ahead, machine.zone, first.starts_at), first.outage.reason);
}

/** The refusal of a use that would begin now, or null. */
export const outNow = (turn: Turn): Refusal | null => outDuring(turn, { starts_at: turn.now, ends_at: turn.now + 1 });

/** When the next outage begins, from now on and before `to`; `to` when none does. */
export function inServiceUntil({ store, machine, now }: Turn, to: number): number {
  const ahead = store.outages.ahead(now);
  return (ahead.length > 0 && firstOutage(ahead, machine.zone, { starts_at: now, ends_at: to })?.starts_at) || to;
}
