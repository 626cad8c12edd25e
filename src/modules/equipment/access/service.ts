/** Whether somebody may book, and why not: the gates of a booking, asked without booking. */

import type { z } from "@hono/zod-openapi";
import { problem, type ReasonInput } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso } from "../../../platform/time.ts";
import type { Applicant } from "../applicants.ts";
import { type Cycle, demandOfBooking, exceeded, type Used } from "../claims/demand.ts";
import { readUsed } from "../claims/service.ts";
import { bringUpToDate, versionsSeen } from "../commands.ts";
import { claimantOf, gatesOf } from "../gates.ts";
import { type MachineRow, machineFact, requireMachine } from "../machines/index.ts";
import { FACTS_GOOD_FOR_MS, mayOverride } from "../model.ts";
import { machine } from "../objects.ts";
import type { Explained, Question } from "../port.ts";
import type { BookingFacts } from "../reservations/service.ts";
import { standingFor } from "../standing.ts";
import type { ExplainMachineQuery, ExplainQuery, Explanation } from "./contract.ts";

type View = z.output<typeof Explanation>;

/**
 * Asks every gate at once, as a member without staff powers would meet them.
 * @throws not_found, forbidden when a member asks about somebody else, unknown_reference, booking_refused for a member who left or is suspended
 */
export async function explainAccess(
  space: Space,
  facts: BookingFacts,
  { starts_at, ends_at, member_id }: z.output<typeof ExplainQuery>,
): Promise<View> {
  const row = requireMachine(facts.machine);
  const { applicant } = await standingFor(space, "reservations.create", row, facts, member_id);
  if (!applicant) throw problem("not_found");
  const counted = await countedFor(space, row, applicant, { starts_at, ends_at });
  const gates = gatesOf(space, row, applicant);
  const { holder } = applicant;
  const { reasons, warnings } = await askMachine(space, row, {
    starts_at,
    ends_at,
    actor: { kind: "member", id: holder.member_id, authority: "own" },
    facts: {
      decide_before: space.now + FACTS_GOOD_FOR_MS,
      policy_versions: versionsSeen(space, row),
      holder,
      gates: { ...gates, reasons: [...gates.reasons, ...(counted?.reasons ?? [])] },
    },
  });
  return {
    equipment_id: row.id,
    member_id: holder.member_id,
    starts_at: toIso(starts_at),
    ends_at: toIso(ends_at),
    allowed: reasons.length === 0,
    reasons,
    warnings,
    staff_may_override: reasons.every(mayOverride),
    counted: counted && countsPlan(applicant) ? viewCounted(applicant, counted) : null,
  };
}

/** The same by the machine's id, when the path does not name it. @throws as `explainAccess` */
export async function explainAnywhere(
  space: Space,
  { equipment_id, ...asked }: z.output<typeof ExplainMachineQuery>,
): Promise<View> {
  const machine = await machineFact(space.store, { equipment_id });
  // Who asks is read with the machine at hand, as for anybody else.
  const unread = {
    caller_id: [],
    caller_agreements: [],
    caller_rights: [],
    caller_guardianship: [],
    caller_skills: [],
    caller_price: [],
    caller_missed: [],
  };
  return explainAccess(space, { machine, ...unread }, asked);
}

/** The machine's word, after it was given the settings that it lacks. @throws unavailable */
export async function askMachine(space: Space, row: MachineRow, question: Question): Promise<Explained> {
  const first = await space.time("object", machine(space, row.id).explain(question));
  if (first) return first;
  await bringUpToDate(space, row);
  const again = await space.time("object", machine(space, row.id).explain(question));
  if (!again) throw problem("unavailable", { retry_after: 1 });
  return again;
}

interface Counted {
  used: Used;
  cycle: Cycle;
  reasons: ReasonInput[];
}

/** What is counted, and what a booking more would cross; null without such limits. */
async function countedFor(
  space: Space,
  row: MachineRow,
  applicant: Applicant,
  slot: { starts_at: number; ends_at: number },
): Promise<Counted | null> {
  const demand = demandOfBooking("", slot);
  const claimant = claimantOf(space, row, applicant, demand, false);
  if (!claimant) return null;
  const used = await space.time("db", readUsed(space, claimant));
  return { used, cycle: claimant.cycle, reasons: exceeded(claimant, demand, used) };
}

const countsPlan = ({ rights }: Applicant): boolean =>
  rights !== null && (rights.max_open_bookings !== null || rights.minutes_per_cycle !== null);

const viewCounted = ({ rights }: Applicant, { used, cycle }: Counted): View["counted"] => ({
  open_bookings: used.bookings,
  max_open_bookings: rights?.max_open_bookings ?? null,
  minutes_used: used.minutes,
  minutes_per_cycle: rights?.minutes_per_cycle ?? null,
  cycle_from: toIso(cycle.from),
  cycle_to: toIso(cycle.to),
});
