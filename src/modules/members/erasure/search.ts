/** The full-text index forgets words that nobody has any more: a deletion only marks them, until the index is written anew. */

import { sql } from "drizzle-orm";
import type { CronTask } from "../../../platform/cron.ts";
import { everyShard } from "../../../platform/db/driver.ts";
import { DAY } from "../../../platform/time.ts";

/** Each night after an erasure. Twice, should one night fail. */
export const forgetSearchNightly: CronTask = {
  name: "forget_search_terms",
  schedule: "night",
  async run(now) {
    let rewritten = 0;
    for (const db of everyShard()) {
      const [erased] = await db.all(
        sql`SELECT 1 FROM erasures WHERE status = 'done' AND done_at > ${now - 2 * DAY} LIMIT 1`,
      );
      if (!erased) continue;
      await db.run(sql`INSERT INTO member_search (member_search) VALUES ('optimize')`);
      rewritten += 1;
    }
    return rewritten;
  },
};
