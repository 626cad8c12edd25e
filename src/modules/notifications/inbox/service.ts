/** One's own notifications. */

import type { z } from "@hono/zod-openapi";
import { desc, eq, lt } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import { notifications } from "../tables.ts";
import type { Notification } from "./contract.ts";

type Row = typeof notifications.$inferSelect;
type View = z.output<typeof Notification>;

/** Events keep epoch milliseconds; the wire has ISO 8601. */
const withInstants = (data: View["data"]): View["data"] =>
  Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      name.endsWith("_at") && typeof value === "number" ? toIso(value) : value,
    ]),
  );

const view = (row: Row): View => ({
  id: row.id,
  type: row.type,
  subject: { type: row.subject_type, id: row.subject_id },
  data: withInstants(row.data as View["data"]),
  read_at: toIsoOrNull(row.read_at),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

const mine = (space: Space) => leads(notifications.member_id, space.actor.id);

/** Newest first. */
export async function listNotifications(
  space: Space,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<View>> {
  const after = readCursor(query.cursor, "notifications");
  const rows = await space.db
    .select()
    .from(notifications)
    .where(space.store.in(notifications, mine(space), after ? lt(notifications.id, after.id) : undefined))
    .orderBy(desc(notifications.id))
    .limit(query.limit + 1);
  return toPage(rows, query.limit, "notifications", (row) => ({ value: row.id, id: row.id }), view);
}

/** One notification of one's own. @throws not_found */
export async function readNotification(space: Space, id: string): Promise<View> {
  const [row] = await space.db
    .select()
    .from(notifications)
    .where(space.store.in(notifications, mine(space), eq(notifications.id, id)));
  if (!row) throw problem("not_found");
  return view(row);
}

/** Marks it read; repeating it changes nothing. @throws not_found */
export async function markRead(space: Space, id: string): Promise<View> {
  const before = await readNotification(space, id);
  if (before.read_at !== null) return before;
  const version = before.version + 1;
  await space.commit(
    { action: "notification.read", subject: { type: "notification", id, version } },
    write(
      space.db
        .update(notifications)
        .set({ read_at: space.now, updated_at: space.now, version })
        .where(space.store.in(notifications, mine(space), eq(notifications.id, id))),
    ),
  );
  return readNotification(space, id);
}
