/** Outages across machines, from D1: a projection, some tenths of a second behind the objects. */

import type { z } from "@hono/zod-openapi";
import { asc, desc, sql } from "drizzle-orm";
import { byNumberAndId, combinations, leads, mergeWalks, within } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { type MachineRow, requireMachine } from "../machines/index.ts";
import { outageStatuses } from "../model.ts";
import { reachIn } from "../standing.ts";
import { outages } from "../tables.ts";
import type { MachineOutageQuery, Outage, OutageQuery } from "./contract.ts";
import { viewOutage } from "./view.ts";

type View = z.output<typeof Outage>;
type Row = typeof outages.$inferSelect;

/** Those of one machine. */
export const listMachineOutages = (
  space: Space,
  rows: MachineRow[],
  query: z.output<typeof MachineOutageQuery>,
): Promise<Page<View>> => listOutages(space, { ...query, equipment_id: [requireMachine(rows).id], orphans: "exclude" });

/** By start. @throws forbidden when a member asks for rows that no machine knows */
export async function listOutages(space: Space, query: z.output<typeof OutageQuery>): Promise<Page<View>> {
  const { limit, cursor, sort, ...filter } = query;
  const manages = await reachIn(space, "equipment.manage");
  if (filter.orphans === "include" && space.scope("equipment.manage") !== "any") throw problem("forbidden");
  const list = ["outages", filter, sort];
  const after = readCursor(cursor, list);
  const direction = sort === "starts_at" ? ("asc" as const) : ("desc" as const);
  const range = within(outages.starts_at, outages.id, {
    from: filter.starts_from,
    to: filter.starts_to,
    after,
    direction,
  });
  const by = direction === "asc" ? asc : desc;
  // Without a status the index is walked once for each, so that rows stay in order.
  const walks = combinations({ equipment_id: filter.equipment_id, status: filter.status ?? outageStatuses }).map(
    (one) =>
      space.db
        .select()
        .from(outages)
        .where(
          space.store.in(
            outages,
            one.equipment_id === undefined ? undefined : leads(outages.equipment_id, one.equipment_id),
            one.status === undefined ? undefined : leads(outages.status, one.status),
            range,
            filter.orphans === "include" ? undefined : sql`${outages.orphan} = 0`,
          ),
        )
        .orderBy(by(outages.starts_at), by(outages.id))
        .limit(limit + 1),
  );
  const order = byNumberAndId<Row>((row) => row.starts_at, direction);
  const found = await space.time("db", mergeWalks(space.db, walks, order, limit + 1));
  const key = (row: Row) => ({ value: row.starts_at, id: row.id });
  return toPage(found, limit, list, key, (row) =>
    viewOutage(row, { makerspace_id: space.id, sees_all: manages(row.equipment_id) }),
  );
}
