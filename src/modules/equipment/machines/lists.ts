/** Lists of machines: one bounded index walk per combination of filters, those in use apart from those retired. */

import type { z } from "@hono/zod-openapi";
import { asc, gt, sql } from "drizzle-orm";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import type { Space } from "../../../platform/space.ts";
import { equipmentStatuses } from "../model.ts";
import { equipment } from "../tables.ts";
import type { Equipment, EquipmentQuery } from "./contract.ts";
import { detailColumns, view } from "./service.ts";
import type { MachineDetail } from "./view.ts";

type Filter = Omit<z.output<typeof EquipmentQuery>, "limit" | "cursor">;

/** The values that lead an index; the few machines of one owner, or with one external id, are looked through for the rest. */
function walksOf({ category, status, owner_member_id, external_id, retired }: Filter) {
  const few = owner_member_id !== undefined || external_id !== undefined;
  return combinations({
    live: retired === "exclude" ? ["1"] : ["1", "0"],
    category,
    // Without a status, a category's index is walked once for each, so that rows stay in order.
    status: status ?? (category && !few ? equipmentStatuses : undefined),
  });
}

/** Machines by id, filtered. */
export async function listMachines(
  space: Space,
  query: z.output<typeof EquipmentQuery>,
): Promise<Page<z.output<typeof Equipment>>> {
  const { limit, cursor, ...filter } = query;
  const list = ["equipment", filter];
  const after = readCursor(cursor, list);
  const owner = filter.owner_member_id === "me" ? space.actor.id : filter.owner_member_id;
  const walks = walksOf(filter).map(({ live, category, status }) =>
    space.db
      .select(detailColumns)
      .from(equipment)
      .where(
        space.store.in(
          equipment,
          owner === undefined ? undefined : leads(equipment.owner_member_id, owner),
          filter.external_id === undefined ? undefined : leads(equipment.external_id, filter.external_id),
          // As the indexes say it, word for word.
          sql`(${equipment.retired_at} IS NULL) = ${Number(live)}`,
          category === undefined ? undefined : sql`${equipment.category} = ${category}`,
          status === undefined ? undefined : sql`${equipment.status} = ${status}`,
          after ? gt(equipment.id, after.id) : undefined,
        ),
      )
      .orderBy(asc(equipment.id))
      .limit(limit + 1),
  );
  const byId = (a: MachineDetail, b: MachineDetail): number => (a.id < b.id ? -1 : 1);
  const rows = await space.time("db", mergeWalks(space.db, walks, byId, limit + 1));
  return toPage(
    rows,
    limit,
    list,
    (row) => ({ value: row.id, id: row.id }),
    (row) => view(space, row),
  );
}
