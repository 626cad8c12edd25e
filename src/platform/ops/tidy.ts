/** Retention: what has done its work goes. */

import { lt } from "drizzle-orm";
import type { CronTask } from "../cron.ts";
import { directory, everyShard } from "../db/driver.ts";
import {
  denylist,
  devIssuerKeys,
  idempotencyKeys,
  pairingCodes,
  platformIdempotencyKeys,
  processedEvents,
} from "../db/tables.ts";
import { tidyFiles } from "../files.ts";
import { DAY } from "../time.ts";

/** Longer than the longest retry of the queue, so that no event can come back after its mark is gone. */
const PROCESSED_KEPT = 14 * DAY;

/** Deletes expired keys, codes, marks and files. */
export const tidy: CronTask = {
  name: "tidy",
  schedule: "quarter",
  async run(now) {
    const db = directory();
    const directoryResults = await db.batch([
      db.delete(denylist).where(lt(denylist.expires_at, now)),
      db.delete(pairingCodes).where(lt(pairingCodes.expires_at, now)),
      db.delete(platformIdempotencyKeys).where(lt(platformIdempotencyKeys.expires_at, now)),
      db.delete(devIssuerKeys).where(lt(devIssuerKeys.retires_at, now)),
    ]);
    const shardResults = await Promise.all(
      everyShard().map((shard) =>
        shard.batch([
          shard.delete(idempotencyKeys).where(lt(idempotencyKeys.expires_at, now)),
          shard.delete(processedEvents).where(lt(processedEvents.processed_at, now - PROCESSED_KEPT)),
        ]),
      ),
    );
    const rows = [...directoryResults, ...shardResults.flat()].reduce((sum, { meta }) => sum + (meta.changes ?? 0), 0);
    return rows + (await tidyFiles(now));
  },
};
