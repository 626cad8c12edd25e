/** Series across machines, from D1: a projection, some tenths of a second behind the objects. */

import type { z } from "@hono/zod-openapi";
import { asc, desc, eq, type SQL, sql } from "drizzle-orm";
import { byNumberAndId, combinations, leads, mergeWalks, within } from "../../../platform/db/fan-out.ts";
import { type Cursor, type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { seriesStatuses } from "../model.ts";
import { viewersOf } from "../reservations/service.ts";
import { reachIn } from "../standing.ts";
import { series } from "../tables.ts";
import type { Series, SeriesDetail, SeriesQuery } from "./contract.ts";
import { wholeOn } from "./service.ts";
import { viewSeries } from "./view.ts";

type View = z.output<typeof Series>;
type Query = z.output<typeof SeriesQuery>;
type Row = typeof series.$inferSelect;

/** Everything for staff; for the owner of a machine when they ask for their machines alone. */
async function seesAll(space: Space, { equipment_id }: Query): Promise<boolean> {
  if (space.scope("reservations.read") === "any") return true;
  if (equipment_id === undefined) return false;
  return equipment_id.every(await reachIn(space, "reservations.read"));
}

function walksOf(space: Space, query: Query, after: Cursor | null, sees_all: boolean): SQL[] {
  const wanted = query.member_id === "me" ? space.actor.id : query.member_id;
  if (wanted !== undefined && wanted !== space.actor.id && !sees_all) throw problem("forbidden");
  const member_id = wanted ?? (sees_all ? undefined : space.actor.id);
  const found = combinations({
    member_id: member_id === undefined ? undefined : [member_id],
    equipment_id: query.equipment_id,
    status: query.status ?? seriesStatuses,
  });
  const direction = query.sort === "starts_at" ? "asc" : "desc";
  return found.map((one) =>
    space.store.in(
      series,
      one.member_id === undefined ? undefined : leads(series.member_id, one.member_id),
      one.equipment_id === undefined ? undefined : leads(series.equipment_id, one.equipment_id),
      one.status === undefined ? undefined : leads(series.status, one.status),
      within(series.starts_at, series.id, { after, direction }),
      sql`${series.orphan} = 0`,
    ),
  );
}

/** Series, those that begin last first unless told; members see their own. @throws forbidden when a member filters by somebody else */
export async function listSeries(space: Space, query: Query): Promise<Page<View>> {
  const { limit, cursor, ...filter } = query;
  const list = ["series", filter];
  const direction = query.sort === "starts_at" ? asc : desc;
  const walks = walksOf(space, query, readCursor(cursor, list), await seesAll(space, query)).map((where) =>
    space.db
      .select()
      .from(series)
      .where(where)
      .orderBy(direction(series.starts_at), direction(series.id))
      .limit(limit + 1),
  );
  const order = byNumberAndId<Row>((row) => row.starts_at, query.sort === "starts_at" ? "asc" : "desc");
  const [rows, viewerOn] = await Promise.all([
    space.time("db", mergeWalks(space.db, walks, order, limit + 1)),
    viewersOf(space),
  ]);
  const key = (row: Row): Cursor => ({ value: row.starts_at, id: row.id });
  return toPage(rows, limit, list, key, (row) => viewSeries(row, viewerOn(row.equipment_id)));
}

/** One series with its bookings: D1 says on which machine, the machine the rest. @throws not_found */
export async function readSeries(space: Space, id: string): Promise<z.output<typeof SeriesDetail>> {
  const [row] = await space.db
    .select({ equipment_id: series.equipment_id })
    .from(series)
    .where(space.store.in(series, eq(series.id, id)));
  if (!row) throw problem("not_found");
  const viewerOn = await viewersOf(space);
  return wholeOn(space, row.equipment_id, id, viewerOn(row.equipment_id));
}
