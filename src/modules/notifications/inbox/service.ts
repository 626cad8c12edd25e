/** One's own notifications: read, unread, put away. */

import type { z } from "@hono/zod-openapi";
import { eq, lte, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { NotificationState } from "../model.ts";
import { notifications } from "../tables.ts";
import type { Notification } from "./contract.ts";
import { countUnread } from "./lists.ts";
import { pushCount } from "./live.ts";
import { type NotificationRow, viewNotification } from "./view.ts";

type View = z.output<typeof Notification>;

const mine = (space: Space) => leads(notifications.member_id, space.actor.id);

async function find(space: Space, id: string): Promise<NotificationRow> {
  const [row] = await space.db
    .select()
    .from(notifications)
    .where(space.store.in(notifications, eq(notifications.id, id), eq(notifications.member_id, space.actor.id)));
  if (!row || row.state === "hidden") throw problem("not_found");
  return row;
}

/** One notification of one's own. @throws not_found */
export const readNotification = async (space: Space, id: string): Promise<View> =>
  viewNotification(await find(space, id));

/** Puts it into a state; repeating it changes nothing. @throws not_found, conflict when it changed meanwhile */
async function put(space: Space, id: string, state: NotificationState, action: string): Promise<View> {
  const before = await find(space, id);
  if (before.state === state) return viewNotification(before);
  const change = {
    state,
    read_at: state === "unread" ? null : (before.read_at ?? space.now),
    updated_at: space.now,
    version: before.version + 1,
  };
  await space.commit(
    {
      action,
      subject: { type: "notification", id, version: change.version },
      before: { state: before.state },
      after: { state },
    },
    write(
      space.db
        .update(notifications)
        .set(change)
        .where(space.store.in(notifications, eq(notifications.id, id), eq(notifications.version, before.version))),
      { expect: "conflict" },
    ),
  );
  pushCount(space);
  return viewNotification({ ...before, ...change });
}

/** Marks it read, and takes it out of the archive. @throws not_found */
export const markRead = (space: Space, id: string): Promise<View> => put(space, id, "read", "notification.read");

/** Marks it unread, and takes it out of the archive. @throws not_found */
export const markUnread = (space: Space, id: string): Promise<View> => put(space, id, "unread", "notification.unread");

/** Puts it away: it is in the archive alone. @throws not_found */
export async function archiveNotification(space: Space, id: string): Promise<void> {
  await put(space, id, "archived", "notification.archived");
}

/** How many are unread, at most 1,000. */
export const unreadCount = async (space: Space): Promise<{ unread: number }> => ({
  unread: await countUnread(space.store, space.actor.id),
});

/** Marks all unread ones read, or those up to one. */
export async function readAll(space: Space, up_to: string | undefined): Promise<{ unread: number }> {
  const unread = space.store.in(
    notifications,
    mine(space),
    eq(notifications.state, "unread"),
    up_to === undefined ? undefined : lte(notifications.id, up_to),
  );
  await space.commit(
    {
      action: "notification.all_read",
      subject: { type: "member", id: space.actor.id, version: 0 },
    },
    write(
      space.db
        .update(notifications)
        .set({ state: "read", read_at: space.now, updated_at: space.now, version: sql`${notifications.version} + 1` })
        .where(unread),
    ),
  );
  pushCount(space);
  return unreadCount(space);
}
