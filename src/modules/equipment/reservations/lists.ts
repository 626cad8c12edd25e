/** Reservations across machines, from D1: a projection, some tenths of a second behind the objects. */

import type { z } from "@hono/zod-openapi";
import { and, asc, desc, eq, type SQL, sql } from "drizzle-orm";
import type { Database } from "../../../platform/db/driver.ts";
import { byNumberAndId, combinations, leads, mergeWalks, within } from "../../../platform/db/fan-out.ts";
import { type Cursor, type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Caller } from "../../../platform/route.ts";
import type { Space } from "../../../platform/space.ts";
import { acrossShards, belongings } from "../../members/index.ts";
import { reservationStatuses } from "../model.ts";
import { reservations } from "../tables.ts";
import type { MyReservationQuery, Reservation, ReservationQuery } from "./contract.ts";
import { viewersOf } from "./service.ts";
import { viewReservation } from "./view.ts";

type View = z.output<typeof Reservation>;
type Row = typeof reservations.$inferSelect;
type Sort = "starts_at" | "-starts_at";

interface Range {
  starts_from?: number | undefined;
  starts_to?: number | undefined;
}

const directionOf = (sort: Sort) => (sort === "starts_at" ? "asc" : "desc");

const inRange = ({ starts_from, starts_to }: Range, after: Cursor | null, sort: Sort): SQL | undefined =>
  within(reservations.starts_at, reservations.id, {
    from: starts_from,
    to: starts_to,
    after,
    direction: directionOf(sort),
  });

/** Runs one bounded walk per condition and merges them in list order. */
function walk(db: Database, conditions: SQL[], sort: Sort, limit: number): Promise<Row[]> {
  const direction = sort === "starts_at" ? asc : desc;
  const walks = conditions.map((where) =>
    db
      .select()
      .from(reservations)
      .where(where)
      .orderBy(direction(reservations.starts_at), direction(reservations.id))
      .limit(limit),
  );
  return mergeWalks(db, walks, byStart(sort), limit);
}

const byStart = (sort: Sort) => byNumberAndId<Row>((row) => row.starts_at, directionOf(sort));

/** The filters that lead an index; without a status it is walked once for each, so that rows stay in start order. */
function walksOf(filter: {
  member_id?: string | undefined;
  equipment_id?: string[] | undefined;
  status?: string[] | undefined;
}) {
  const { member_id, equipment_id, status } = filter;
  const led = member_id !== undefined || equipment_id !== undefined;
  return combinations({
    member_id: member_id === undefined ? undefined : [member_id],
    equipment_id,
    status: status ?? (led ? reservationStatuses : undefined),
  });
}

const equalities = (combination: Partial<Record<"member_id" | "equipment_id" | "status", string>>): SQL | undefined =>
  and(
    combination.member_id === undefined ? undefined : leads(reservations.member_id, combination.member_id),
    combination.equipment_id === undefined ? undefined : leads(reservations.equipment_id, combination.equipment_id),
    combination.status === undefined ? undefined : leads(reservations.status, combination.status),
  );

/** Rows that no machine knows are no bookings: only staff who ask for them see them. */
const known = (orphans: "exclude" | "include"): SQL | undefined =>
  orphans === "include" ? undefined : sql`${reservations.orphan} = 0`;

const startKey = (row: Row): Cursor => ({ value: row.starts_at, id: row.id });

/**
 * Reservations of this makerspace. Members see those of others as busy times.
 * @throws forbidden when a member filters by somebody else: that would tell whose they are.
 */
export async function listReservations(space: Space, query: z.output<typeof ReservationQuery>): Promise<Page<View>> {
  const { limit, cursor, sort, ...filter } = query;
  const seesAll = space.scope("reservations.read") === "any";
  const member_id = filter.member_id === "me" ? space.actor.id : filter.member_id;
  const isOfOthers = member_id !== undefined && member_id !== space.actor.id;
  if (!seesAll && (isOfOthers || filter.orphans === "include")) throw problem("forbidden");
  const list = ["reservations", filter, sort];
  const after = readCursor(cursor, list);
  const { external_id, updated_since } = filter;
  if (external_id !== undefined) {
    refuseOthers(filter, "external_id");
    return listKnownAs(space, external_id, list);
  }
  if (updated_since !== undefined) {
    refuseOthers(filter, "updated_since");
    return listChanged(space, { updated_since, orphans: filter.orphans, limit, after, list });
  }
  const walks = walksOf({ member_id, equipment_id: filter.equipment_id, status: filter.status }).map((one) =>
    space.store.in(reservations, equalities(one), inRange(filter, after, sort), known(filter.orphans)),
  );
  const viewers = viewersOf(space);
  const rows = await space.time("db", walk(space.db, walks, sort, limit + 1));
  const viewerOn = await viewers;
  return toPage(rows, limit, list, startKey, (row) => viewReservation(row, viewerOn(row.equipment_id)));
}

/** The one reservation that an integrator knows by this id, as a page; members find their own alone. */
async function listKnownAs(space: Space, external_id: string, list: unknown): Promise<Page<View>> {
  const rows = await space.db
    .select()
    .from(reservations)
    .where(space.store.in(reservations, leads(reservations.external_id, external_id), known("exclude")));
  const viewerOn = await viewersOf(space);
  const mine = rows.filter((row) => row.member_id === space.actor.id || viewerOn(row.equipment_id).sees_all);
  return toPage(mine, mine.length, list, startKey, (row) => viewReservation(row, viewerOn(row.equipment_id)));
}

/** @throws invalid_parameter when a filter that stands alone has company */
function refuseOthers(
  { orphans: _, ...filter }: Partial<z.output<typeof ReservationQuery>>,
  name: keyof typeof filter,
) {
  if (Object.keys(definedOnly(filter)).some((other) => other !== name))
    throw problem("invalid_parameter", { detail: `${name} goes with no other filter.` });
}

interface Changed {
  updated_since: number;
  orphans: "exclude" | "include";
  limit: number;
  after: Cursor | null;
  list: unknown;
}

/** What changed since a moment, oldest change first: for those who keep a copy. */
async function listChanged(space: Space, query: Changed): Promise<Page<View>> {
  const { updated_since, orphans, limit, after, list } = query;
  const changed = within(reservations.projected_at, reservations.id, { from: updated_since, after, direction: "asc" });
  const rows = await space.db
    .select()
    .from(reservations)
    .where(space.store.in(reservations, changed, known(orphans)))
    .orderBy(asc(reservations.projected_at), asc(reservations.id))
    .limit(limit + 1);
  const viewerOn = await viewersOf(space);
  const key = (row: Row): Cursor => ({ value: row.projected_at, id: row.id });
  return toPage(rows, limit, list, key, (row) => viewReservation(row, viewerOn(row.equipment_id)));
}

/** One reservation from D1. @throws not_found */
export async function readReservation(space: Space, id: string): Promise<View> {
  const [row] = await space.db
    .select()
    .from(reservations)
    .where(space.store.in(reservations, eq(reservations.id, id)));
  const viewer = row && (await viewersOf(space))(row.equipment_id);
  if (!viewer || (row.orphan && !viewer.sees_all)) throw problem("not_found");
  return viewReservation(row, viewer);
}

/** One's own reservations in every makerspace, merged by start. */
export async function listMyReservations(
  caller: Caller,
  query: z.output<typeof MyReservationQuery>,
): Promise<Page<View>> {
  const { limit, cursor, sort, ...filter } = query;
  const list = ["my_reservations", filter, sort];
  const after = readCursor(cursor, list);
  const mine = await belongings(caller.principal.user_id);
  const members = new Map(mine.map((one) => [one.makerspace_id, one.member_id]));
  const rows = await acrossShards(mine, (db, here) => {
    // The index of a member's bookings leads with the status.
    const walks = here.flatMap((one) =>
      [...new Set(filter.status ?? reservationStatuses)].map((status) => {
        const own = and(
          eq(reservations.makerspace_id, one.makerspace_id),
          leads(reservations.member_id, one.member_id),
          leads(reservations.status, status),
        );
        return and(own, inRange(filter, after, sort), known("exclude")) ?? sql`0`;
      }),
    );
    return walk(db, walks, sort, limit + 1);
  });
  rows.sort(byStart(sort));
  return toPage(rows, limit, list, startKey, (row) =>
    viewReservation(row, {
      makerspace_id: row.makerspace_id,
      member_id: members.get(row.makerspace_id) ?? "",
      sees_all: false,
    }),
  );
}
