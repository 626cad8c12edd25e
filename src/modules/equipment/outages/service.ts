/** Taking machines out of service. The machine's object decides; bookings that can go elsewhere are held there first. */

import type { z } from "@hono/zod-openapi";
import { newId } from "../../../platform/ids.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { WeeklyWindows } from "../../../platform/settings/hours.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso } from "../../../platform/time.ts";
import { type Executed, execute } from "../commands.ts";
import { type MachineRow, requireMachine } from "../machines/index.ts";
import type { AffectedFate } from "../model.ts";
import { inParallel, machine } from "../objects.ts";
import type { Command, Displaced, OutageRecord, OutageTimes } from "../port.ts";
import { mayManage } from "../standing.ts";
import type { Outage, OutageInput, OutagePatch, OutagePlan } from "./contract.ts";
import { fatesOf, giveBack, prepare } from "./fates.ts";
import { completeAtOnce } from "./moves.ts";
import { type Intent, planToken, requirePlan } from "./plan.ts";
import { viewOutage } from "./view.ts";

type View = z.output<typeof Outage>;
type Plan = z.output<typeof OutagePlan>;

/** An outage's answer, and whether it came from an earlier request with the same key. */
interface Answered {
  view: View;
  replayed: boolean;
}

/** Who is met may change between the look and the step this often before the caller has to try again. */
const MAX_TRIES = 3;

const textOf = (weekly: WeeklyWindows | null): string | null => (weekly === null ? null : JSON.stringify(weekly));

/** @throws not_found, forbidden */
function managed(space: Space, rows: MachineRow[]): MachineRow {
  const row = requireMachine(rows);
  if (!mayManage(space, row)) throw problem("forbidden", { detail: "Your duty covers other machines." });
  return row;
}

const viewer = (space: Space, row: MachineRow) => ({ makerspace_id: space.id, sees_all: mayManage(space, row) });

/** Who would be met, and what would become of them; changes nothing. @throws not_found, forbidden */
export function planOutage(space: Space, rows: MachineRow[], input: z.output<typeof OutageInput>): Promise<Plan> {
  const row = managed(space, rows);
  const { starts_at, ends_at } = input;
  const intent = { equipment_id: row.id, outage_id: null, starts_at, ends_at, weekly: textOf(input.weekly) };
  return plan(space, row, intent, input.affected);
}

/** The same for a change of an outage. @throws not_found, forbidden */
export async function planAmendment(
  space: Space,
  rows: MachineRow[],
  outage_id: string,
  patch: z.output<typeof OutagePatch>,
): Promise<Plan> {
  const row = managed(space, rows);
  const current = await outageOf(space, row, outage_id);
  return plan(space, row, { equipment_id: row.id, outage_id, ...timesOf(current, patch) }, patch.affected);
}

async function plan(space: Space, row: MachineRow, intent: Intent, wanted: AffectedFate): Promise<Plan> {
  const affected = await machine(space, row.id).affectedBy(intent);
  const fates = await fatesOf(space, row, affected, wanted);
  const { plan_token, expires_at } = await planToken(space, intent, affected);
  return {
    affected: fates.map(({ held, fate, machines }) => ({
      reservation_id: held.id,
      member_id: held.member_id,
      status: held.status,
      starts_at: toIso(held.starts_at),
      ends_at: toIso(held.ends_at),
      version: held.version,
      may_move: held.may_move === 1,
      fate,
      equipment_ids: machines.map((each) => each.row.id),
    })),
    plan_token,
    expires_at: toIso(expires_at),
  };
}

/**
 * Takes a machine out.
 * @throws not_found, forbidden, plan_stale, outage_refused, equipment_retired
 */
export async function takeOut(
  space: Space,
  rows: MachineRow[],
  input: z.output<typeof OutageInput>,
): Promise<Answered> {
  const row = managed(space, rows);
  const { starts_at, ends_at, reason } = input;
  const times = { starts_at, ends_at, weekly: textOf(input.weekly) };
  const intent = { equipment_id: row.id, outage_id: null, ...times };
  const outage_id = newId();
  const command = (displaced: Displaced[]): Command => ({ type: "take_out", outage_id, reason, ...times, displaced });
  return step(space, row, intent, input, command);
}

/**
 * Changes an outage.
 * @throws not_found, forbidden, stale_version, plan_stale, outage_refused, equipment_retired
 */
export async function amendOutage(
  space: Space,
  rows: MachineRow[],
  outage_id: string,
  if_version: number | null,
  patch: z.output<typeof OutagePatch>,
): Promise<Answered> {
  const row = managed(space, rows);
  if (if_version === null) throw problem("precondition_required");
  const current = await outageOf(space, row, outage_id);
  const times = timesOf(current, patch);
  if (times.ends_at <= times.starts_at) {
    throw problem("invalid_body", {
      errors: [{ pointer: "/ends_at", code: "custom", detail: "must be after starts_at" }],
    });
  }
  const { reason } = patch;
  const command = (displaced: Displaced[]): Command => ({
    type: "amend_outage",
    outage_id,
    if_version,
    ...times,
    ...(reason !== undefined && { reason }),
    displaced,
  });
  return step(space, row, { equipment_id: row.id, outage_id, ...times }, patch, command);
}

const timesOf = (current: OutageRecord, patch: z.output<typeof OutagePatch>): OutageTimes => {
  const { starts_at = current.starts_at, ends_at = current.ends_at } = patch;
  return { starts_at, ends_at, weekly: patch.weekly === undefined ? current.weekly : textOf(patch.weekly) };
};

interface Wanted {
  affected: AffectedFate;
  plan_token?: string | undefined;
}

/** Looks who is met, holds what they move to, and has the machine decide; once more when others were met by then and nobody was promised who. */
async function step(
  space: Space,
  row: MachineRow,
  intent: Intent,
  { affected: wanted, plan_token }: Wanted,
  command: (displaced: Displaced[]) => Command,
): Promise<Answered> {
  const earlier = space.key && (await machine(space, row.id).replayed(space.key));
  if (earlier?.ok) return shown(space, row, earlier);
  for (let attempt = 1; ; attempt += 1) {
    const affected = await machine(space, row.id).affectedBy(intent);
    if (plan_token !== undefined) await requirePlan(space, plan_token, intent, affected);
    const displaced = await prepare(space, await fatesOf(space, row, affected, wanted));
    try {
      const done = await execute(space, row, command(displaced), { authority: "any", applicant: null });
      // A replay moved nobody: what was held for it now is nobody's.
      if (done.replayed) await giveBack(space, displaced);
      else await completeAll(space, row, displaced);
      return shown(space, row, done);
    } catch (error) {
      // Without an answer it may be done: then what is held is taken up by those who move.
      if (error instanceof Problem && error.code !== "unavailable") await giveBack(space, displaced);
      const isStale = error instanceof Problem && error.code === "plan_stale";
      if (!isStale || plan_token !== undefined || attempt >= MAX_TRIES) throw error;
    }
  }
}

const completeAll = (space: Space, row: MachineRow, displaced: readonly Displaced[]): Promise<unknown> =>
  inParallel(
    displaced.flatMap(({ reservation_id, moved_to }) => (moved_to ? [{ reservation_id, moved_to }] : [])),
    ({ reservation_id, moved_to: to }) => completeAtOnce(space, { from: { equipment_id: row.id, reservation_id }, to }),
  );

function shown(space: Space, row: MachineRow, { outage, cancelled = 0, replayed }: Executed): Answered {
  if (!outage) throw problem("not_found");
  return { view: { ...viewOutage(outage, viewer(space, row)), displaced: cancelled }, replayed };
}

/** The machine is back. @throws not_found, forbidden, outage_refused when it is over, equipment_retired */
export async function liftOutage(space: Space, rows: MachineRow[], outage_id: string): Promise<void> {
  const row = managed(space, rows);
  await execute(space, row, { type: "lift_outage", outage_id }, { authority: "any", applicant: null });
}

async function outageOf(space: Space, row: MachineRow, outage_id: string): Promise<OutageRecord> {
  const found = await space.time("object", machine(space, row.id).outage(outage_id));
  if (!found) throw problem("not_found");
  return found;
}

/** One outage, from the object: never behind. @throws not_found */
export async function readOutage(space: Space, rows: MachineRow[], outage_id: string): Promise<View> {
  const row = requireMachine(rows);
  return viewOutage(await outageOf(space, row, outage_id), viewer(space, row));
}
