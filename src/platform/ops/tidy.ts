/** Retention: what has done its work goes. */

import { and, lt, sql } from "drizzle-orm";
import type { CronTask } from "../cron.ts";
import { directory, everyShard } from "../db/driver.ts";
import {
  apiTokenIndex,
  denylist,
  devIssuerKeys,
  devMail,
  idempotencyKeys,
  inviteTokens,
  jobs,
  liveVisits,
  logoutTokens,
  mailDeliveries,
  pairingCodes,
  platformIdempotencyKeys,
  processedEvents,
} from "../db/tables.ts";
import { tidyFiles } from "../files.ts";
import { tidyLooseFiles } from "../loose-files.ts";
import { doneBefore } from "../mail/deliveries.ts";
import { DAY } from "../time.ts";

/** Longer than the longest retry of the queue, so that no event can come back after its mark is gone. */
const PROCESSED_KEPT = 14 * DAY;

/** What became of mail is shown this long; mail of the local outbox is kept as long as a token in it may work. */
const DELIVERIES_KEPT = 90 * DAY;
const DEV_MAIL_KEPT = 7 * DAY;

/** Jobs that are over are listed this long; what they left to download is gone before, when its link ends. */
const JOBS_KEPT = 90 * DAY;
// In these words, because they are those of the partial index.
const jobsOverBefore = (at: number) =>
  and(sql`${jobs.status} IN ('succeeded', 'failed', 'cancelled')`, lt(jobs.updated_at, at));

/** Deletes expired keys, codes, marks, files, mail and jobs. */
export const tidy: CronTask = {
  name: "tidy",
  schedule: "quarter",
  async run(now) {
    const db = directory();
    const directoryResults = await db.batch([
      db.delete(denylist).where(lt(denylist.expires_at, now)),
      db.delete(logoutTokens).where(lt(logoutTokens.expires_at, now)),
      db.delete(liveVisits).where(lt(liveVisits.expires_at, now)),
      db.delete(apiTokenIndex).where(lt(apiTokenIndex.expires_at, now)),
      db.delete(pairingCodes).where(lt(pairingCodes.expires_at, now)),
      db.delete(platformIdempotencyKeys).where(lt(platformIdempotencyKeys.expires_at, now)),
      db.delete(devIssuerKeys).where(lt(devIssuerKeys.retires_at, now)),
      db.delete(inviteTokens).where(lt(inviteTokens.expires_at, now)),
      db.delete(devMail).where(lt(devMail.created_at, now - DEV_MAIL_KEPT)),
    ]);
    const shardResults = await Promise.all(
      everyShard().map((shard) =>
        shard.batch([
          shard.delete(idempotencyKeys).where(lt(idempotencyKeys.expires_at, now)),
          shard.delete(processedEvents).where(lt(processedEvents.processed_at, now - PROCESSED_KEPT)),
          shard.delete(mailDeliveries).where(doneBefore(now - DELIVERIES_KEPT)),
          shard.delete(jobs).where(jobsOverBefore(now - JOBS_KEPT)),
        ]),
      ),
    );
    const rows = [...directoryResults, ...shardResults.flat()].reduce((sum, { meta }) => sum + (meta.changes ?? 0), 0);
    return rows + (await tidyFiles(now)) + (await tidyLooseFiles(now));
  },
};
