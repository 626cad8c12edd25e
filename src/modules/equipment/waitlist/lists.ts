/** Who waits: one's own entries, for staff everybody's. */

import type { z } from "@hono/zod-openapi";
import { asc, desc, type SQL } from "drizzle-orm";
import { byNumberAndId, combinations, leads, mergeWalks, within } from "../../../platform/db/fan-out.ts";
import { type Cursor, type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { waitlistStatuses } from "../model.ts";
import { reachIn } from "../standing.ts";
import { waitlistEntries } from "../tables.ts";
import type { WaitlistEntry, WaitlistQuery } from "./contract.ts";
import { type EntryRow, viewEntry } from "./view.ts";

type Query = z.output<typeof WaitlistQuery>;

/** Everything for staff; for the owner of a machine when they ask for their machines alone. */
async function seesAsked(space: Space, { equipment_id }: Query): Promise<boolean> {
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
    status: query.status ?? waitlistStatuses,
  });
  const direction = query.sort === "created_at" ? "asc" : "desc";
  return found.map((one) =>
    space.store.in(
      waitlistEntries,
      one.member_id === undefined ? undefined : leads(waitlistEntries.member_id, one.member_id),
      one.equipment_id === undefined ? undefined : leads(waitlistEntries.equipment_id, one.equipment_id),
      one.status === undefined ? undefined : leads(waitlistEntries.status, one.status),
      within(waitlistEntries.created_at, waitlistEntries.id, { after, direction }),
    ),
  );
}

/** Entries, those who wait longest first unless told. @throws forbidden when a member filters by somebody else */
export async function listEntries(space: Space, query: Query): Promise<Page<z.output<typeof WaitlistEntry>>> {
  const { limit, cursor, ...filter } = query;
  const list = ["waitlist", filter];
  const direction = query.sort === "created_at" ? asc : desc;
  const walks = walksOf(space, query, readCursor(cursor, list), await seesAsked(space, query)).map((where) =>
    space.db
      .select()
      .from(waitlistEntries)
      .where(where)
      .orderBy(direction(waitlistEntries.created_at), direction(waitlistEntries.id))
      .limit(limit + 1),
  );
  const order = byNumberAndId<EntryRow>((row) => row.created_at, query.sort === "created_at" ? "asc" : "desc");
  const rows = await space.time("db", mergeWalks(space.db, walks, order, limit + 1));
  const key = (row: EntryRow): Cursor => ({ value: row.created_at, id: row.id });
  return toPage(rows, limit, list, key, (row) => viewEntry(row, space.now));
}
