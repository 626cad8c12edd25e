/** Inboxes: one bounded index walk per state and type, in one makerspace or in all of one's own. */

import type { z } from "@hono/zod-openapi";
import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { Database } from "../../../platform/db/driver.ts";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Cursor, type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { Caller } from "../../../platform/route.ts";
import type { Space } from "../../../platform/space.ts";
import { acrossShards, belongings } from "../../members/index.ts";
import type { NotificationState } from "../model.ts";
import { notifications } from "../tables.ts";
import type { Notification, NotificationQuery } from "./contract.ts";
import { type NotificationRow, viewNotification } from "./view.ts";

type Query = z.output<typeof NotificationQuery>;
type View = z.output<typeof Notification>;

/** A worker shows this much; who has more unread than that reads no number. */
const COUNT_MAX = 1_000;

const statesOf = ({ archived, unread }: Query): NotificationState[] => {
  if (archived === "true") return ["archived"];
  if (unread === undefined) return ["unread", "read"];
  return unread === "true" ? ["unread"] : ["read"];
};

const newestFirst = (a: NotificationRow, b: NotificationRow): number => (a.id < b.id ? 1 : -1);

/** One walk per state and type; ids sort by time of birth. */
function walks(db: Database, makerspace_id: string, member_id: string, query: Query, after: Cursor | null) {
  return combinations({ state: statesOf(query), type: query.type }).map(({ state, type }) => {
    const mine = and(
      eq(notifications.makerspace_id, makerspace_id),
      leads(notifications.member_id, member_id),
      state === undefined ? undefined : leads(notifications.state, state),
      type === undefined ? undefined : leads(notifications.type, type),
      after ? lt(notifications.id, after.id) : undefined,
    );
    return db
      .select()
      .from(notifications)
      .where(mine)
      .orderBy(desc(notifications.id))
      .limit(query.limit + 1);
  });
}

const pageOf = (rows: readonly NotificationRow[], limit: number, list: unknown): Page<View> =>
  toPage(rows, limit, list, (row) => ({ value: row.id, id: row.id }), viewNotification);

/** Newest first. */
export async function listNotifications(space: Space, query: Query): Promise<Page<View>> {
  const { limit, cursor, ...filter } = query;
  const list = ["notifications", filter];
  const found = walks(space.db, space.id, space.actor.id, query, readCursor(cursor, list));
  return pageOf(await mergeWalks(space.db, found, newestFirst, limit + 1), limit, list);
}

/** One's own in every makerspace, newest first. */
export async function listMyNotifications(caller: Caller, query: Query): Promise<Page<View>> {
  const { limit, cursor, ...filter } = query;
  const list = ["my_notifications", filter];
  const after = readCursor(cursor, list);
  const mine = await belongings(caller.principal.user_id);
  const rows = await acrossShards(mine, (db, here) =>
    mergeWalks<NotificationRow>(
      db,
      here.flatMap((one) => walks(db, one.makerspace_id, one.member_id, query, after)),
      newestFirst,
      limit + 1,
    ),
  );
  return pageOf(rows.sort(newestFirst), limit, list);
}

/** Unread ones of these people, at most 1,000 each, in one statement. */
async function countEach(db: Database, people: readonly { makerspace_id: string; member_id: string }[]) {
  const [row] = await db.all<{ n: number | null }>(sql`
    SELECT sum((SELECT count(*) FROM (
      SELECT 1 FROM notifications n
      WHERE n.makerspace_id = p.value ->> 'makerspace_id' AND n.member_id = p.value ->> 'member_id' AND n.state = 'unread'
      LIMIT ${COUNT_MAX}))) AS n
    FROM json_each(${JSON.stringify(people)}) p`);
  return row?.n ?? 0;
}

/** How many notifications a member has not read, at most 1,000. */
export const countUnread = ({ db, makerspace_id }: SpaceStore, member_id: string): Promise<number> =>
  countEach(db, [{ makerspace_id, member_id }]);

/** How many one has not read, in every makerspace together, at most 1,000. */
export async function countMyUnread(caller: Caller): Promise<{ unread: number }> {
  const mine = await belongings(caller.principal.user_id);
  const counts = await acrossShards(mine, async (db, here) => [await countEach(db, here)]);
  return {
    unread: Math.min(
      COUNT_MAX,
      counts.reduce((sum, n) => sum + n, 0),
    ),
  };
}
