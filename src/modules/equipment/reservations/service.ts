/** Booking verbs. Each is one command to the machine's object; D1 is only read here. */

import type { z } from "@hono/zod-openapi";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY, toIso } from "../../../platform/time.ts";
import type { CallerFacts } from "../applicants.ts";
import { type Demand, demandOfBooking, demandOfExcuse, demandOfMove } from "../claims/demand.ts";
import { type Executed, execute, type Standing } from "../commands.ts";
import { cycleOf, quotasAt } from "../gates.ts";
import { type MachineRow, requireMachine } from "../machines/index.ts";
import { machine } from "../objects.ts";
import type { Command, ReservationRecord } from "../port.ts";
import { replayOf } from "../replays.ts";
import { type Owned, reachesAll, reachIn, standingFor, standingOfCaller, standingOn } from "../standing.ts";
import type {
  Availability,
  AvailabilityQuery,
  MachineScheduleQuery,
  Reservation,
  ReservationInput,
  ReservationPatch,
} from "./contract.ts";
import { claimExternalId, releaseExternalId } from "./external-ids.ts";
import { type Viewer, viewReservation } from "./view.ts";

type View = z.output<typeof Reservation>;

/** A booking's answer, and whether it came from an earlier request with the same key. */
export interface Booked {
  view: View;
  replayed: boolean;
}

/** What a route that books has read: the machine, and the caller as one who may be held to a plan. */
export interface BookingFacts extends CallerFacts {
  machine: MachineRow[];
}

/** What this caller sees of the reservations of a machine. */
export const viewerOf = (space: Space, row: Owned): Viewer => ({
  makerspace_id: space.id,
  member_id: space.actor.id,
  sees_all: reachesAll(space, "reservations.read", row),
});

/** The same for the rows of a list: by machine. */
export async function viewersOf(space: Space): Promise<(equipment_id: string) => Viewer> {
  const reaches = await reachIn(space, "reservations.read");
  return (id) => ({ makerspace_id: space.id, member_id: space.actor.id, sees_all: reaches(id) });
}

/** Carries out a command on a reservation and shows what became of it. */
async function booked(
  space: Space,
  row: MachineRow,
  command: Command,
  standing: Standing,
  demand: Demand | null = null,
): Promise<Booked> {
  return shown(space, row, await execute(space, row, command, standing, demand));
}

export function shown(space: Space, row: MachineRow, { reservation, replayed, warnings }: Executed): Booked {
  if (!reservation) throw problem("not_found");
  return { view: { ...viewReservation(reservation, viewerOf(space, row)), ...(warnings && { warnings }) }, replayed };
}

/** Does the work, or answers what an earlier request with the same key did. */
const orReplayed = (space: Space, row: MachineRow, work: () => Promise<Booked>): Promise<Booked> =>
  work().catch(async (refusal: unknown) => shown(space, row, await replayOf(space, row.id, refusal)));

/**
 * Books a machine.
 * @throws slot_taken, booking_refused, equipment_unavailable, equipment_retired, forbidden, …
 */
export async function reserve(
  space: Space,
  facts: BookingFacts,
  input: z.output<typeof ReservationInput>,
): Promise<Booked> {
  const row = requireMachine(facts.machine);
  const { starts_at, ends_at, purpose = null, project_id = null, external_id, hold_token: hold_id, may_move } = input;
  const metadata = JSON.stringify(input.metadata);
  const command = {
    type: "reserve",
    starts_at,
    ends_at,
    purpose,
    project_id,
    metadata,
    external_id,
    hold_id,
    may_move,
  } as const;
  return orReplayed(space, row, async () => {
    const standing = await standingFor(space, "reservations.create", row, facts, input.member_id);
    return claiming(space, row, newId(), external_id, (reservation_id) =>
      booked(space, row, { ...command, reservation_id }, standing, demandOfBooking(reservation_id, input)),
    );
  });
}

/** Runs a step that gives a reservation an external_id, if any: claimed before, given back when the machine says no. */
async function claiming(
  space: Space,
  row: MachineRow,
  reservation_id: string,
  external_id: string | null,
  step: (reservation_id: string) => Promise<Booked>,
): Promise<Booked> {
  if (external_id === null) return step(reservation_id);
  const claim = await claimExternalId(space, { external_id, reservation_id, equipment_id: row.id });
  try {
    return await step(claim.reservation_id);
  } catch (error) {
    // Without an answer it may have been done: the claim stays.
    if (error instanceof Problem && error.code !== "unavailable") releaseExternalId(space, claim, claim.claimed_at);
    throw error;
  }
}

/** The state changes that take a note or nothing. */
export type ReservationAction = "approve" | "reject" | "cancel" | "check_in" | "no_show" | "excuse";

const decisions: readonly ReservationAction[] = ["approve", "reject", "no_show", "excuse"];

/** What lets somebody use the machine: the person is looked at once more. */
const admissions: readonly ReservationAction[] = ["approve", "excuse", "check_in"];

/** Approves, rejects, cancels, checks in, marks or excuses a no-show. @throws illegal_transition, too_early, booking_refused, forbidden, not_found */
export async function act(
  space: Space,
  facts: BookingFacts,
  reservation_id: string,
  type: ReservationAction,
  note: string | null,
): Promise<Booked> {
  const row = requireMachine(facts.machine);
  const permission = decisions.includes(type) ? "reservations.decide" : "reservations.change";
  const command: Command = type === "check_in" ? { type, reservation_id } : { type, reservation_id, note };
  return orReplayed(space, row, async () => {
    if (!admissions.includes(type)) {
      return booked(space, row, command, await standingOfCaller(space, permission, row, facts));
    }
    const standing = await standingOn(space, permission, row, facts, reservation_id);
    const { reservation } = standing;
    const demand = type === "excuse" && reservation?.status === "no_show" ? demandOfExcuse(reservation) : null;
    return booked(space, row, command, standing, demand);
  });
}

/** Moves, extends or shortens. @throws stale_version, slot_taken, booking_refused, illegal_transition, forbidden */
export async function amend(
  space: Space,
  facts: BookingFacts,
  reservation_id: string,
  if_version: number | null,
  patch: z.output<typeof ReservationPatch>,
): Promise<Booked> {
  const row = requireMachine(facts.machine);
  if (if_version === null) throw problem("precondition_required");
  return orReplayed(space, row, () => change(space, row, facts, { reservation_id, if_version, patch }));
}

interface Change {
  reservation_id: string;
  if_version: number;
  patch: z.output<typeof ReservationPatch>;
}

async function change(
  space: Space,
  row: MachineRow,
  facts: BookingFacts,
  { reservation_id, if_version, patch }: Change,
): Promise<Booked> {
  const standing = await standingOn(space, "reservations.change", row, facts, reservation_id);
  const { metadata, ...words } = definedOnly(patch);
  const command: Command = {
    type: "amend",
    reservation_id,
    if_version,
    ...words,
    ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
  };
  const { external_id, starts_at, ends_at } = words;
  const isCounted = (starts_at ?? ends_at) !== undefined && countsMinutes(space, standing);
  const isAsked = isCounted || external_id !== undefined;
  const before =
    isAsked && standing.reservation === null
      ? await space.time("object", machine(space, row.id).reservation(reservation_id))
      : standing.reservation;
  const demand = before?.version === if_version ? moveOf(space, standing, before, words) : null;
  const step = () => booked(space, row, command, standing, demand);
  if (external_id === undefined || before === null || before.external_id === external_id) return step();
  const done = await claiming(space, row, reservation_id, external_id, step);
  const { external_id: former } = before;
  if (former !== null) releaseExternalId(space, { external_id: former, reservation_id }, space.now);
  return done;
}

/** Does the plan, or the makerspace, count this person's minutes? */
const countsMinutes = (space: Space, { applicant }: Standing): boolean =>
  applicant !== null && (applicant.rights?.minutes_per_cycle != null || quotasAt(space, space.now).windows.length > 0);

/** What a new time takes more of the minutes that are counted than the old one had. */
export function moveOf(
  space: Space,
  standing: Standing,
  current: ReservationRecord,
  { starts_at = current.starts_at, ends_at = current.ends_at }: { starts_at?: number; ends_at?: number },
): Demand | null {
  if (!countsMinutes(space, standing) || ends_at <= starts_at) return null;
  const rights = standing.applicant?.rights;
  const isSameCycle =
    !rights || cycleOf(space, rights, starts_at).from === cycleOf(space, rights, current.starts_at).from;
  return demandOfMove(current, { starts_at, ends_at }, isSameCycle);
}

/** One reservation, from the object: never behind. @throws not_found */
export async function readFromMachine(space: Space, rows: MachineRow[], reservation_id: string): Promise<View> {
  const row = requireMachine(rows);
  const record = await space.time("object", machine(space, row.id).reservation(reservation_id));
  if (!record) throw problem("not_found");
  return viewReservation(record, viewerOf(space, row));
}

/** The machine's schedule, from the object: those that start in [starts_from, starts_to), oldest first. */
export async function readSchedule(
  space: Space,
  rows: MachineRow[],
  query: z.output<typeof MachineScheduleQuery>,
): Promise<Page<View>> {
  const row = requireMachine(rows);
  const { limit, cursor, ...filter } = query;
  const list = ["schedule", row.id, filter];
  const after = readCursor(cursor, list);
  const records = await space.time(
    "object",
    machine(space, row.id).reservations({
      starts_from: filter.starts_from ?? space.now - DAY,
      starts_to: filter.starts_to ?? Number.MAX_SAFE_INTEGER,
      statuses: filter.status ?? null,
      after: after && { starts_at: Number(after.value), id: after.id },
      limit: limit + 1,
    }),
  );
  const viewer = viewerOf(space, row);
  const key = (record: ReservationRecord) => ({ value: record.starts_at, id: record.id });
  return toPage(records, limit, list, key, (record) => viewReservation(record, viewer));
}

/** Free intervals, and why the rest is not. */
export async function readAvailability(
  space: Space,
  rows: MachineRow[],
  query: z.output<typeof AvailabilityQuery>,
): Promise<z.output<typeof Availability>> {
  const row = requireMachine(rows);
  const asked = machine(space, row.id).availability(query.from, query.to);
  const { until, free, busy } = await space.time("object", asked);
  const iso = (interval: { starts_at: number; ends_at: number }) => ({
    starts_at: toIso(interval.starts_at),
    ends_at: toIso(interval.ends_at),
  });
  return {
    equipment_id: row.id,
    from: toIso(query.from),
    to: toIso(until),
    free: free.map(iso),
    busy: busy.map((interval) => ({ ...iso(interval), because: interval.because })),
  };
}
