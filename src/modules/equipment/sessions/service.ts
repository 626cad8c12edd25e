/** Sessions: a machine in use. Started and ended by the object, listed from D1. */

import type { z } from "@hono/zod-openapi";
import { asc, desc, eq, type SQL, sql } from "drizzle-orm";
import { byNumberAndId, combinations, leads, mergeWalks, within } from "../../../platform/db/fan-out.ts";
import { type Cursor, type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { demandOfWalkUp } from "../claims/demand.ts";
import { type Executed, execute } from "../commands.ts";
import { type MachineRow, requireMachine } from "../machines/index.ts";
import type { Command } from "../port.ts";
import { replayOf } from "../replays.ts";
import type { BookingFacts } from "../reservations/service.ts";
import { reachIn, standingFor, standingOfCaller, standingOn } from "../standing.ts";
import { sessions } from "../tables.ts";
import type { Session, SessionEndInput, SessionInput, SessionQuery } from "./contract.ts";
import { viewSession } from "./view.ts";

type View = z.output<typeof Session>;
type Row = typeof sessions.$inferSelect;

/** A session's answer, and whether it came from an earlier request with the same key. */
interface Used {
  view: View;
  replayed: boolean;
}

/** Starts a booked session or a walk-up. @throws equipment_busy, slot_taken, equipment_unavailable, illegal_transition, too_early, forbidden */
export async function startSession(
  space: Space,
  facts: BookingFacts,
  input: z.output<typeof SessionInput>,
): Promise<Used> {
  const row = requireMachine(facts.machine);
  return orReplayed(space, row.id, () => start(space, row, facts, input));
}

const shown = ({ session, replayed, warnings }: Executed): Used => {
  if (!session) throw problem("not_found");
  return { view: { ...viewSession(session), ...(warnings && { warnings }) }, replayed };
};

/** Does the work, or answers what an earlier request with the same key did. */
const orReplayed = (space: Space, equipment_id: string, work: () => Promise<Executed>): Promise<Used> =>
  work().then(shown, async (refusal: unknown) => shown(await replayOf(space, equipment_id, refusal)));

async function start(
  space: Space,
  row: MachineRow,
  facts: BookingFacts,
  input: z.output<typeof SessionInput>,
): Promise<Executed> {
  const { reservation_id } = input;
  // A booking names its holder; a walk-up is for the caller, or for whom staff say.
  const standing =
    reservation_id === undefined
      ? await standingFor(space, "sessions.run", row, facts, input.member_id)
      : await standingOn(space, "sessions.run", row, facts, reservation_id);
  const session_id = newId();
  const command: Command = {
    type: "start_session",
    session_id,
    reservation_id: reservation_id ?? null,
    planned_minutes: input.planned_minutes ?? null,
    project_id: input.project_id ?? null,
  };
  const { planned_minutes } = input;
  const demand = planned_minutes === undefined ? null : demandOfWalkUp(session_id, space.now, planned_minutes);
  return execute(space, row, command, standing, demand);
}

/** Ends a session; the rest of its slot is free at once. @throws illegal_transition, forbidden, not_found */
export async function endSession(
  space: Space,
  facts: BookingFacts,
  session_id: string,
  input: z.output<typeof SessionEndInput>,
): Promise<Used> {
  const row = requireMachine(facts.machine);
  const { job_successful = null, output_quality = null, notes = null } = input;
  const command: Command = { type: "end_session", session_id, job_successful, output_quality, notes };
  return orReplayed(space, row.id, async () =>
    execute(space, row, command, await standingOfCaller(space, "sessions.run", row, facts)),
  );
}

/** One session. Members read their own only. @throws not_found */
export async function readSession(space: Space, id: string): Promise<View> {
  const [row] = await space.db
    .select()
    .from(sessions)
    .where(space.store.in(sessions, eq(sessions.id, id)));
  const isSeen = row && (await reachIn(space, "sessions.read"))(row.equipment_id);
  const isMine = row?.member_id === space.actor.id && !row.orphan;
  if (!row || !(isSeen || isMine)) throw problem("not_found");
  return viewSession(row);
}

/** Everything for staff; for the owner of a machine when they ask for their machines alone. */
async function seesAll(space: Space, { equipment_id, orphans }: z.output<typeof SessionQuery>): Promise<boolean> {
  if (space.scope("sessions.read") === "any") return true;
  if (orphans === "include") throw problem("forbidden");
  if (equipment_id === undefined) return false;
  const reaches = await reachIn(space, "sessions.read");
  return equipment_id.every(reaches);
}

function walksOf(space: Space, query: z.output<typeof SessionQuery>, after: Cursor | null, sees_all: boolean): SQL[] {
  const wanted = query.member_id === "me" ? space.actor.id : query.member_id;
  if (wanted !== undefined && wanted !== space.actor.id && !sees_all) throw problem("forbidden");
  const member_id = wanted ?? (sees_all ? undefined : space.actor.id);
  const led = member_id !== undefined || query.equipment_id !== undefined;
  const range = within(sessions.started_at, sessions.id, {
    from: query.started_from,
    to: query.started_to,
    after,
    direction: query.sort === "started_at" ? "asc" : "desc",
  });
  const found = combinations({
    member_id: member_id === undefined ? undefined : [member_id],
    equipment_id: query.equipment_id,
    status: query.status ?? (led ? (["active", "completed"] as const) : undefined),
  });
  return found.map((one) =>
    space.store.in(
      sessions,
      one.member_id === undefined ? undefined : leads(sessions.member_id, one.member_id),
      one.equipment_id === undefined ? undefined : leads(sessions.equipment_id, one.equipment_id),
      one.status === undefined ? undefined : leads(sessions.status, one.status),
      range,
      query.orphans === "include" ? undefined : sql`${sessions.orphan} = 0`,
    ),
  );
}

/** Sessions, newest first unless told; members see their own. @throws forbidden when a member filters by somebody else. */
export async function listSessions(space: Space, query: z.output<typeof SessionQuery>): Promise<Page<View>> {
  const { limit, cursor, ...filter } = query;
  const list = ["sessions", filter];
  const after = readCursor(cursor, list);
  const direction = query.sort === "started_at" ? asc : desc;
  const walks = walksOf(space, query, after, await seesAll(space, query)).map((where) =>
    space.db
      .select()
      .from(sessions)
      .where(where)
      .orderBy(direction(sessions.started_at), direction(sessions.id))
      .limit(limit + 1),
  );
  const order = byNumberAndId<Row>((row) => row.started_at, query.sort === "started_at" ? "asc" : "desc");
  const merged = await space.time("db", mergeWalks(space.db, walks, order, limit + 1));
  return toPage(merged, limit, list, (row) => ({ value: row.started_at, id: row.id }), viewSession);
}
