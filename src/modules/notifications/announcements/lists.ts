/** Announcements as members and as staff see them. */

import type { z } from "@hono/zod-openapi";
import { and, desc, eq, gt, isNull, lt, ne, or, type SQL, sql } from "drizzle-orm";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Cursor, type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { Announcement, AnnouncementQuery } from "./contract.ts";
import { announcementReaders, announcements } from "./tables.ts";
import { type AnnouncementRow, type Reading, viewAnnouncement } from "./view.ts";

type Query = z.output<typeof AnnouncementQuery>;
type View = z.output<typeof Announcement>;

export const isStaff = (space: Space): boolean => space.scope("announcements.manage") === "any";

/** What the caller did with an announcement. */
const mine = (space: Space): SQL | undefined =>
  and(
    eq(announcementReaders.makerspace_id, announcements.makerspace_id),
    eq(announcementReaders.member_id, space.actor.id),
    eq(announcementReaders.announcement_id, announcements.id),
  );

const columns = {
  row: announcements,
  acknowledged_at: announcementReaders.acknowledged_at,
  dismissed_at: announcementReaders.dismissed_at,
};
interface Found {
  row: AnnouncementRow;
  acknowledged_at: number | null;
  dismissed_at: number | null;
}

const toView = ({ row, ...reading }: Found): View => viewAnnouncement(row, reading);

const pinnedFirst = (a: Found, b: Found): number =>
  Number(b.row.pinned) - Number(a.row.pinned) || (a.row.id < b.row.id ? 1 : -1);

/** Published, not over, and not put away by the caller: those to all, and those that name them. */
function concerning(space: Space, after: Cursor | null, limit: number) {
  const open = and(
    eq(announcements.status, "published"),
    or(isNull(announcements.expires_at), gt(announcements.expires_at, space.now)),
    isNull(announcementReaders.dismissed_at),
    after ? sql`(${announcements.pinned}, ${announcements.id}) < (${Number(after.value)}, ${after.id})` : undefined,
  );
  const order = [desc(announcements.pinned), desc(announcements.id)] as const;
  return [
    space.db
      .select(columns)
      .from(announcements)
      .leftJoin(announcementReaders, mine(space))
      .where(space.store.in(announcements, leads(announcements.audience, "all"), open))
      .orderBy(...order)
      .limit(limit),
    space.db
      .select(columns)
      .from(announcementReaders)
      .innerJoin(
        announcements,
        and(
          eq(announcements.makerspace_id, announcementReaders.makerspace_id),
          eq(announcements.id, announcementReaders.announcement_id),
        ),
      )
      .where(
        space.store.in(
          announcementReaders,
          leads(announcementReaders.member_id, space.actor.id),
          ne(announcements.audience, "all"),
          open,
        ),
      )
      .orderBy(...order)
      .limit(limit),
  ];
}

/** Everything in some statuses, newest first: for staff. */
const inStatuses = (space: Space, status: Query["status"], after: Cursor | null, limit: number) =>
  combinations({ status }).map((one) =>
    space.db
      .select(columns)
      .from(announcements)
      .leftJoin(announcementReaders, mine(space))
      .where(
        space.store.in(
          announcements,
          one.status === undefined ? undefined : sql`${announcements.status} = ${one.status}`,
          after ? lt(announcements.id, after.id) : undefined,
        ),
      )
      .orderBy(desc(announcements.id))
      .limit(limit),
  );

/** @throws forbidden when somebody who is not staff filters by status */
export async function listAnnouncements(space: Space, query: Query): Promise<Page<View>> {
  const { limit, cursor, status } = query;
  if (status && !isStaff(space)) throw problem("forbidden", { detail: "Statuses are for staff." });
  const list = ["announcements", status];
  const after = readCursor(cursor, list);
  const walks = status ? inStatuses(space, status, after, limit + 1) : concerning(space, after, limit + 1);
  const newestFirst = (a: Found, b: Found): number => (a.row.id < b.row.id ? 1 : -1);
  const rows = await mergeWalks<Found>(space.db, walks, status ? newestFirst : pinnedFirst, limit + 1);
  return toPage(rows, limit, list, ({ row }) => ({ value: Number(row.pinned), id: row.id }), toView);
}

/** One announcement with what the caller did with it. @throws not_found for one that does not concern them */
export async function findAnnouncement(space: Space, id: string): Promise<{ row: AnnouncementRow; reading: Reading }> {
  const [found] = await space.db
    .select({ ...columns, reader: announcementReaders.member_id })
    .from(announcements)
    .leftJoin(announcementReaders, mine(space))
    .where(space.store.in(announcements, eq(announcements.id, id)));
  if (!found) throw problem("not_found");
  const { row, reader, ...reading } = found;
  const isOpen = row.status === "published" && (row.audience === "all" || reader !== null);
  if (!isOpen && !isStaff(space)) throw problem("not_found");
  return { row, reading: reader === null ? null : reading };
}

/** One announcement; staff see what became of it. @throws not_found */
export async function readAnnouncement(space: Space, id: string): Promise<View> {
  const { row, reading } = await findAnnouncement(space, id);
  if (!isStaff(space)) return viewAnnouncement(row, reading);
  const [counts] = await space.db
    .select({
      acknowledged: sql<number>`count(${announcementReaders.acknowledged_at})`,
      dismissed: sql<number>`count(${announcementReaders.dismissed_at})`,
    })
    .from(announcementReaders)
    .where(space.store.in(announcementReaders, eq(announcementReaders.announcement_id, id)));
  return viewAnnouncement(row, reading, {
    told: row.told,
    acknowledged: counts?.acknowledged ?? 0,
    dismissed: counts?.dismissed ?? 0,
  });
}
