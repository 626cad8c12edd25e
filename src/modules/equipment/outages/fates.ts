/** What the holders of bookings in the way of an outage get instead: machines of the kind that they could have booked themselves. */

import { and, asc, eq, isNull, ne, or, sql } from "drizzle-orm";
import { newId } from "../../../platform/ids.ts";
import { describeError, log } from "../../../platform/log.ts";
import { Problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { askMachine } from "../access/service.ts";
import { type Applicant, readApplicant } from "../applicants.ts";
import { decide, versionsSeen } from "../commands.ts";
import { gatesOf } from "../gates.ts";
import type { MachineRow } from "../machines/index.ts";
import { type AffectedFate, FACTS_GOOD_FOR_MS, openGates } from "../model.ts";
import { inParallel, machine } from "../objects.ts";
import type { Displaced, Facts, ReservationRecord } from "../port.ts";
import { frozenOf } from "../prices/model.ts";
import { costOf, pricingOf } from "../prices/pricing.ts";
import { equipment } from "../tables.ts";

/** Who acts when a machine that is taken out makes room elsewhere. */
export const MOVER = { kind: "system", id: "outages", authority: "any" } as const;

/** Machines that are asked for each booking, and those that are named to its holder. */
const ASKED = 6;
const NAMED = 3;

/** Bookings for which others are asked, the nearest first; those behind are cancelled. */
const MOST_ASKED_FOR = 60;

/** Machines of the same kind, no dearer, in service as far as their rows say. */
export function machinesLike(space: Space, row: MachineRow): Promise<MachineRow[]> {
  const noDearer = (column: typeof equipment.hourly_rate_minor | typeof equipment.deposit_minor, mine: number | null) =>
    or(isNull(column), and(eq(equipment.currency, row.currency ?? ""), sql`${column} <= ${mine ?? 0}`));
  return space.db
    .select()
    .from(equipment)
    .where(
      space.store.in(
        equipment,
        sql`(${equipment.retired_at} IS NULL) = 1`,
        eq(equipment.category, row.category),
        eq(equipment.status, "available"),
        ne(equipment.id, row.id),
        row.sub_category === null ? undefined : eq(equipment.sub_category, row.sub_category),
        noDearer(equipment.hourly_rate_minor, row.hourly_rate_minor),
        noDearer(equipment.deposit_minor, row.deposit_minor),
      ),
    )
    .orderBy(asc(equipment.id))
    .limit(ASKED);
}

/** The facts of a member on a machine, as if they booked it themselves. */
const factsOf = (space: Space, row: MachineRow, applicant: Applicant): Facts => ({
  decide_before: Date.now() + FACTS_GOOD_FOR_MS,
  policy_versions: versionsSeen(space, row),
  holder: applicant.holder,
  gates: gatesOf(space, row, applicant),
  pricing: pricingOf(space, row, applicant),
});

/** Would it cost more there than it was booked for? Nobody is moved to what they did not agree to pay. */
function isDearer(space: Space, row: MachineRow, applicant: Applicant, held: ReservationRecord): boolean {
  const before = frozenOf(held);
  const there = costOf(space, row, applicant, held);
  if (there.total_minor === 0 && there.deposit_minor === 0) return false;
  return (
    there.currency !== before?.currency ||
    there.total_minor > before.total_minor ||
    there.deposit_minor > before.deposit_minor
  );
}

/** The facts when this machine would take the booking from its holder's own hands; null when it would not, or does not answer. */
async function wouldTake(space: Space, row: MachineRow, held: ReservationRecord): Promise<Facts | null> {
  const { member_id, starts_at, ends_at } = held;
  try {
    const applicant = await readApplicant(space, member_id, row.id);
    if (isDearer(space, row, applicant, held)) return null;
    const facts = factsOf(space, row, applicant);
    const actor = { kind: "member", id: member_id, authority: "own" } as const;
    const { reasons } = await askMachine(space, row, { starts_at, ends_at, actor, facts });
    return reasons.length === 0 ? facts : null;
  } catch (error) {
    // Who may not book at all, or a machine that does not answer, ends nothing but this question.
    if (!(error instanceof Problem))
      log.warn("machine_not_asked", { equipment_id: row.id, error: describeError(error) });
    return null;
  }
}

/** What becomes of one booking, and the machines that would take it. */
export interface Fate {
  held: ReservationRecord;
  fate: AffectedFate;
  machines: { row: MachineRow; facts: Facts }[];
}

/** What becomes of each: `move` of those whose holders agreed, where a machine would take it; changes nothing. */
export async function fatesOf(
  space: Space,
  row: MachineRow,
  affected: readonly ReservationRecord[],
  wanted: AffectedFate,
): Promise<Fate[]> {
  const candidates = wanted === "cancel" || affected.length === 0 ? [] : await machinesLike(space, row);
  return inParallel([...affected.entries()], async ([index, held]) => {
    const moves = wanted === "move" && held.may_move === 1 && held.status === "approved";
    if ((wanted === "move" && !moves) || index >= MOST_ASKED_FOR) return { held, fate: "cancel", machines: [] };
    const machines: Fate["machines"] = [];
    for (const candidate of candidates) {
      if (machines.length >= NAMED) break;
      const facts = await wouldTake(space, candidate, held);
      if (facts) machines.push({ row: candidate, facts });
    }
    return { held, fate: machines.length > 0 ? wanted : "cancel", machines };
  });
}

/** Holds the slot of each booking that moves, on the first machine that takes it; the others go as their fate says. */
export const prepare = (space: Space, fates: readonly Fate[]): Promise<Displaced[]> =>
  inParallel(fates, async ({ held, fate, machines }) => {
    const { id: reservation_id, version } = held;
    const named = machines.map(({ row }) => row.id);
    if (fate === "offer") return { reservation_id, version, alternatives: named };
    for (const { row, facts } of fate === "move" ? machines : []) {
      const hold_id = await holdFor(space, row, facts, held);
      if (hold_id !== null) {
        return { reservation_id, version, moved_to: { equipment_id: row.id, reservation_id: newId(), hold_id } };
      }
    }
    return { reservation_id, version };
  });

async function holdFor(space: Space, row: MachineRow, facts: Facts, held: ReservationRecord): Promise<string | null> {
  const { starts_at, ends_at, id: moves } = held;
  const hold_id = newId();
  const { request_id } = space;
  const command = { type: "hold", hold_id, starts_at, ends_at, moves } as const;
  try {
    const result = await decide(space, row, { command, actor: MOVER, facts, key: null, request_id });
    return result.ok ? hold_id : null;
  } catch (error) {
    log.warn("move_not_held", { equipment_id: row.id, error: describeError(error) });
    return null;
  }
}

/** Gives back what was held for moves that did not come about. What cannot be reached runs out by itself. */
export async function giveBack(space: Space, displaced: readonly Displaced[]): Promise<void> {
  const targets = displaced.flatMap(({ moved_to }) => (moved_to ? [moved_to] : []));
  await inParallel(targets, async ({ equipment_id, hold_id }) => {
    const facts = {
      decide_before: Date.now() + FACTS_GOOD_FOR_MS,
      policy_versions: { makerspace: 0, equipment: 0, hours: 0 },
      holder: null,
      gates: openGates,
    };
    const command = { type: "release_hold", hold_id } as const;
    await machine(space, equipment_id)
      .execute({ command, actor: MOVER, facts, key: null, request_id: space.request_id })
      .catch((error: unknown) => log.warn("hold_not_let_go", { equipment_id, error: describeError(error) }));
  });
}
