/** Those whose window has passed wait no more. */

import { and, eq, lt, sql } from "drizzle-orm";
import type { CronTask } from "../../../platform/cron.ts";
import { everyShard } from "../../../platform/db/driver.ts";
import { waitlistEntries } from "../tables.ts";

/** Says of entries that their time is over; machines forget their windows by themselves. */
export const expireEntries: CronTask = {
  name: "expire_waitlist",
  schedule: "quarter",
  async run(now) {
    const results = await Promise.all(
      everyShard().map((shard) =>
        shard
          .update(waitlistEntries)
          .set({ status: "expired", updated_at: now, version: sql`version + 1` })
          .where(and(eq(waitlistEntries.status, "waiting"), lt(waitlistEntries.window_ends_at, now))),
      ),
    );
    return results.reduce((sum, { meta }) => sum + meta.changes, 0);
  },
};
