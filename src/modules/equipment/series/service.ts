/** Verbs on series. Each is one command to the machine's object, which decides all bookings of it together. */

import type { z } from "@hono/zod-openapi";
import { Temporal } from "temporal-polyfill";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { demandOfBooking } from "../claims/demand.ts";
import { type Executed, executeClaiming } from "../commands.ts";
import { type MachineRow, requireMachine } from "../machines/index.ts";
import { machine } from "../objects.ts";
import type { SeriesOutcome, WholeSeries } from "../port.ts";
import { replayOf } from "../replays.ts";
import { type BookingFacts, moveOf, viewerOf } from "../reservations/service.ts";
import type { Viewer } from "../reservations/view.ts";
import { standingFor } from "../standing.ts";
import { claimsOfSeries } from "./claims.ts";
import type { SeriesCancelInput, SeriesDetail, SeriesInput, SeriesMade, SeriesPatch } from "./contract.ts";
import { amendmentOf, keptBefore, startOf } from "./edits.ts";
import { type Instance, instancesOf, parseRule, RuleError } from "./recurrence.ts";
import { viewMade, viewWhole } from "./view.ts";

type Whole = z.output<typeof SeriesDetail>;

/** An answer, and whether it came from an earlier request with the same key. */
interface Answered<T> {
  view: T;
  replayed: boolean;
}

const wrong = (pointer: string, detail: string) =>
  problem("invalid_body", { errors: [{ pointer, code: "invalid", detail }] });

/** @throws invalid_body with what is wrong about the rule */
function expand(
  { rrule, local_start, duration_minutes }: z.output<typeof SeriesInput>,
  timezone: string,
): { instances: Instance[]; start: Temporal.PlainDateTime } {
  try {
    const start = Temporal.PlainDateTime.from(local_start);
    return { instances: instancesOf(parseRule(rrule), start, timezone, duration_minutes), start };
  } catch (error) {
    if (error instanceof RuleError) throw wrong("/rrule", error.message);
    if (error instanceof RangeError) throw wrong("/local_start", "is no time");
    throw error;
  }
}

/** By the wall clock; what a change of the clocks does to single bookings, the machine says of them. @throws invalid_body */
function refuseOverlaps(instances: readonly Instance[], duration_minutes: number): void {
  const overlaps = instances.some(({ local_start }, index) => {
    const next = instances[index + 1];
    return next && next.local_start.since(local_start).total("minutes") < duration_minutes;
  });
  if (overlaps) throw wrong("/duration_minutes", "The bookings of a series do not overlap each other.");
}

const outcomeOf = ({ series, replayed }: Executed): SeriesOutcome & { replayed: boolean } => {
  if (!series) throw problem("not_found");
  return { ...series, replayed };
};

/**
 * Books a series: all or nothing, or the rest with a report.
 * @throws series_conflicts, booking_refused, skill_required, equipment_retired, invalid_body, …
 */
export async function reserveSeries(
  space: Space,
  facts: BookingFacts,
  input: z.output<typeof SeriesInput>,
): Promise<Answered<z.output<typeof SeriesMade>>> {
  const row = requireMachine(facts.machine);
  const { rrule, duration_minutes, purpose = null, project_id = null, on_conflict } = input;
  const timezone = input.timezone ?? space.settings.timezone;
  const { instances: expanded, start } = expand(input, timezone);
  refuseOverlaps(expanded, duration_minutes);
  const instances = expanded.map(({ starts_at, ends_at }) => ({
    reservation_id: newId(),
    starts_at,
    ends_at,
    against: [],
  }));
  const command = {
    type: "reserve_series",
    series_id: newId(),
    instances,
    on_conflict,
    purpose,
    project_id,
    rrule,
    local_start: start.toString({ smallestUnit: "minute" }),
    timezone,
    duration_minutes,
  } as const;
  const work = async (): Promise<Executed> => {
    const standing = await standingFor(space, "reservations.create", row, facts, input.member_id);
    const claims = claimsOfSeries(space, row, command, standing.authority, (one) =>
      demandOfBooking(one.reservation_id, one),
    );
    return executeClaiming(space, row, standing, claims);
  };
  const done = outcomeOf(await work().catch((refusal: unknown) => replayOf(space, row.id, refusal)));
  return { view: viewMade(done, viewerOf(space, row)), replayed: done.replayed };
}

/** A series as its machine has it, for those who may see it. @throws not_found */
async function seenOn(space: Space, equipment_id: string, series_id: string, viewer: Viewer): Promise<WholeSeries> {
  const whole = await space.time("object", machine(space, equipment_id).series(series_id));
  if (!whole || !(viewer.sees_all || whole.record.member_id === viewer.member_id)) throw problem("not_found");
  return whole;
}

/** One series with its bookings. @throws not_found */
export const wholeOn = async (space: Space, equipment_id: string, id: string, viewer: Viewer): Promise<Whole> =>
  viewWhole(await seenOn(space, equipment_id, id, viewer), viewer);

/** One series with its bookings, on a machine that is named. @throws not_found */
export const readWhole = async (space: Space, rows: MachineRow[], series_id: string): Promise<Whole> => {
  const row = requireMachine(rows);
  return wholeOn(space, row.id, series_id, viewerOf(space, row));
};

/** What the request's key did, if anything; asked before the series is looked at, which has changed since. */
async function earlier(space: Space, row: MachineRow): Promise<Answered<Whole> | null> {
  const found = space.key && (await machine(space, row.id).replayed(space.key));
  return found?.ok && found.series ? { view: viewWhole(found.series, viewerOf(space, row)), replayed: true } : null;
}

/**
 * Changes one booking of a series, it and the following, or all that are ahead: all or nothing.
 * @throws stale_version, series_conflicts, booking_refused, illegal_transition, not_found, unknown_reference, …
 */
export async function amendSeries(
  space: Space,
  facts: BookingFacts,
  series_id: string,
  if_version: number | null,
  patch: z.output<typeof SeriesPatch>,
): Promise<Answered<Whole>> {
  const row = requireMachine(facts.machine);
  if (if_version === null) throw problem("precondition_required");
  const viewer = viewerOf(space, row);
  const whole = await seenOn(space, row.id, series_id, viewer);
  const standing = await standingFor(space, "reservations.change", row, facts, whole.record.member_id);
  const before = await earlier(space, row);
  if (before) return before;
  const command = { ...amendmentOf(whole, patch, space.now, newId), if_version };
  const known = new Map(whole.reservations.map((each) => [each.id, each]));
  const claims = claimsOfSeries(space, row, command, standing.authority, (one) => {
    const current = known.get(one.reservation_id);
    return current ? moveOf(space, standing, current, one) : null;
  });
  const { replayed, ...done } = outcomeOf(await executeClaiming(space, row, standing, claims));
  return { view: viewWhole(done, viewer), replayed };
}

/** Cancels one booking of a series, it and the following, or all that are ahead. @throws illegal_transition, not_found, unknown_reference */
export async function cancelSeries(
  space: Space,
  facts: BookingFacts,
  series_id: string,
  { scope, from, note = null }: z.output<typeof SeriesCancelInput>,
): Promise<Answered<Whole>> {
  const row = requireMachine(facts.machine);
  const viewer = viewerOf(space, row);
  const whole = await seenOn(space, row.id, series_id, viewer);
  const standing = await standingFor(space, "reservations.change", row, facts, whole.record.member_id);
  const before = await earlier(space, row);
  if (before) return before;
  const anchor = startOf(whole, scope, from);
  const command = {
    type: "cancel_series",
    series_id,
    scope,
    reservation_id: from ?? null,
    kept: scope === "following" && anchor ? keptBefore(whole, anchor) : null,
    note,
  } as const;
  const nothing = async () => ({ command, reasons: [], settled: () => undefined });
  const { replayed, ...done } = outcomeOf(await executeClaiming(space, row, standing, nothing));
  return { view: viewWhole(done, viewer), replayed };
}
