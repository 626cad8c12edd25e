/** Reading visits: one, a page of them, who is in the house. */

import type { z } from "@hono/zod-openapi";
import { and, asc, desc, eq, getTableColumns, gte, lt, sql } from "drizzle-orm";
import { afterText, byTextAndId, combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { localDate } from "../memberships/cycles.ts";
import { members } from "../tables.ts";
import type { Guest, GuestQuery } from "./contract.ts";
import { visitStatuses } from "./model.ts";
import { guestVisits } from "./tables.ts";
import { type VisitRow, viewGuest } from "./view.ts";

export const seesAll = (space: Space): boolean => space.scope("guests.read") === "any";

const select = (space: Space) =>
  space.db
    .select({
      visit: getTableColumns(guestVisits),
      host: { first_name: members.first_name, last_name: members.last_name },
    })
    .from(guestVisits)
    .innerJoin(
      members,
      and(eq(members.makerspace_id, guestVisits.makerspace_id), eq(members.id, guestVisits.host_member_id)),
    );

/** One visit; to members those of their own guests alone. @throws not_found */
export async function requiredVisit(space: Space, id: string): Promise<VisitRow> {
  const [row] = await select(space).where(space.store.in(guestVisits, eq(guestVisits.id, id)));
  if (!row || (!seesAll(space) && row.visit.host_member_id !== space.actor.id)) throw problem("not_found");
  return row;
}

/** One visit. @throws not_found */
export const readVisit = async (space: Space, id: string): Promise<z.output<typeof Guest>> =>
  viewGuest(await requiredVisit(space, id));

type Query = z.output<typeof GuestQuery>;
type Filter = Omit<Query, "limit" | "cursor" | "sort">;

/** Whose guests: somebody's for staff, one's own for members. @throws forbidden when a member asks for another's */
function whose(space: Space, named: string | undefined): string | undefined {
  const host = named === "me" || (named === undefined && !seesAll(space)) ? space.actor.id : named;
  if (host !== undefined && host !== space.actor.id && !seesAll(space)) throw problem("forbidden");
  return host;
}

/** The range of days that is asked for, leaving out the bound that a cursor is past already. */
function days(space: Space, { visit_on, visit_from, visit_to }: Filter, passed: "from" | "to" | null) {
  const { visit_on: column } = guestVisits;
  const day = visit_on === "today" ? localDate(space.now, space.settings.timezone) : visit_on;
  return and(
    day === undefined ? undefined : eq(column, day),
    visit_from === undefined || passed === "from" ? undefined : gte(column, visit_from),
    visit_to === undefined || passed === "to" ? undefined : lt(column, visit_to),
  );
}

/** Visits by their day; members see those of their own guests. @throws forbidden when a member asks for another's */
export async function listVisits(space: Space, query: Query): Promise<Page<z.output<typeof Guest>>> {
  const { limit, cursor, sort, ...filter } = query;
  const host = whose(space, filter.host_member_id);
  const list = ["guests", filter, sort, host];
  const after = readCursor(cursor, list);
  const direction = sort === "visit_on" ? "asc" : "desc";
  const order = direction === "asc" ? asc : desc;
  const { visit_on, id, status: column } = guestVisits;
  const passed = after === null ? null : direction === "asc" ? "from" : "to";
  // The few of one host are looked through; otherwise the status leads, before the day.
  const statuses = filter.status ?? (host === undefined ? visitStatuses : undefined);
  const walks = combinations({ status: statuses }).map(({ status }) =>
    select(space)
      .where(
        space.store.in(
          guestVisits,
          host === undefined ? undefined : leads(guestVisits.host_member_id, host),
          status === undefined ? undefined : host === undefined ? leads(column, status) : sql`+${column} = ${status}`,
          days(space, filter, passed),
          afterText(visit_on, id, after, direction),
        ),
      )
      .orderBy(order(visit_on), order(id))
      .limit(limit + 1),
  );
  const compare = byTextAndId<{ id: string; on: string }>((row) => row.on, direction);
  const keyOf = ({ visit }: VisitRow) => ({ id: visit.id, on: visit.visit_on });
  const rows = await space.time(
    "db",
    mergeWalks<VisitRow>(space.db, walks, (a, b) => compare(keyOf(a), keyOf(b)), limit + 1),
  );
  return toPage(rows, limit, list, ({ visit }) => ({ value: visit.visit_on, id: visit.id }), viewGuest);
}
