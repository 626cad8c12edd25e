/** Retention: the feed keeps thirty days, and so do deliveries. */

import { and, lt, ne, sql } from "drizzle-orm";
import type { CronTask } from "../../../platform/cron.ts";
import { everyShard } from "../../../platform/db/driver.ts";
import { DAY } from "../../../platform/time.ts";
import { eventFeed, webhookDeliveries } from "../tables.ts";

/** How long events can be read again, and deliveries be looked at. */
const KEPT = 30 * DAY;

export const tidyWebhooks: CronTask = {
  name: "tidy_webhooks",
  schedule: "quarter",
  async run(now) {
    // The newest number stays, so that no number is given twice.
    const older = sql`${eventFeed.seq} < (SELECT max(f.seq) FROM event_feed f WHERE f.makerspace_id = ${eventFeed.makerspace_id})`;
    const results = await Promise.all(
      everyShard().map((db) =>
        db.batch([
          db.delete(eventFeed).where(and(lt(eventFeed.recorded_at, now - KEPT), older)),
          db
            .delete(webhookDeliveries)
            .where(and(lt(webhookDeliveries.created_at, now - KEPT), ne(webhookDeliveries.status, "pending"))),
        ]),
      ),
    );
    return results.flat().reduce((sum, { meta }) => sum + (meta.changes ?? 0), 0);
  },
};
