/** Retention: what was told ninety days ago goes, read or not. */

import { lt, sql } from "drizzle-orm";
import { firstIdOf } from "../../../platform/ids.ts";
import { rounds } from "../../../platform/ops/rounds.ts";
import { DAY } from "../../../platform/time.ts";
import { notifications } from "../tables.ts";

/** How long notifications are kept. */
const KEPT = 90 * DAY;
const ROWS_PER_MESSAGE = 1_000;

/** Each night. Ids sort by time of birth, so that only what goes is read. */
export const inboxRounds = rounds({
  name: "tidy_inboxes",
  schedule: "night",
  type: "notifications.tidy_due",
  waiting: "everywhere",
  async work({ store, now }) {
    const old = sql`(SELECT n.id FROM notifications n
      WHERE n.makerspace_id = ${store.makerspace_id} AND n.id < ${firstIdOf(now - KEPT)}
        AND NOT EXISTS (SELECT 1 FROM deferred_mails d WHERE d.makerspace_id = n.makerspace_id AND d.notification_id = n.id)
      ORDER BY n.id LIMIT ${ROWS_PER_MESSAGE})`;
    const gone = await store.db
      .delete(notifications)
      .where(store.in(notifications, lt(notifications.id, firstIdOf(now - KEPT)), sql`${notifications.id} IN ${old}`));
    return { more: gone.meta.changes === ROWS_PER_MESSAGE };
  },
});
