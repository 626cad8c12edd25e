/** A member's own sockets hear of their inbox. What is lost here is in the list. */

import type { SpaceStore } from "../../../platform/db/store.ts";
import { describeError, log } from "../../../platform/log.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso } from "../../../platform/time.ts";
import { type NotificationMessage, presentMembers, tellMembers } from "../../equipment/index.ts";
import { countUnread } from "./lists.ts";

/** What came, for one member; null says that the count alone changed. */
export interface Arrival {
  member_id: string;
  notification: NotificationMessage["notification"];
}

/** Tells those who watch; one trip for those who do not. */
export async function pushArrivals(store: SpaceStore, arrivals: readonly Arrival[]): Promise<void> {
  const ids = [...new Set(arrivals.map((one) => one.member_id))];
  if (ids.length === 0) return;
  const present = new Set(await presentMembers(store.makerspace_id, ids));
  const unread = new Map<string, number>();
  for (const id of present) unread.set(id, await countUnread(store, id));
  const messages = arrivals
    .filter((one) => present.has(one.member_id))
    .map(({ member_id, notification }) => ({
      member_id,
      text: JSON.stringify({
        type: "notification",
        server_time: toIso(Date.now()),
        unread: unread.get(member_id) ?? 0,
        notification,
      } satisfies NotificationMessage),
    }));
  if (messages.length > 0) await tellMembers(store.makerspace_id, messages);
}

/** After one's own inbox changed: the other devices learn the count. Nobody waits for it. */
export function pushCount(space: Space): void {
  const pushed = pushArrivals(space.store, [{ member_id: space.actor.id, notification: null }]);
  space.defer(
    pushed.catch((error: unknown) => {
      log.warn("notification_push_failed", { makerspace_id: space.id, error: describeError(error) });
    }),
  );
}
