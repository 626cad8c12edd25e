/** Files that jobs left for somebody, or about them. */

import { and, asc, gt, isNotNull, or, sql } from "drizzle-orm";
import { jobs } from "../db/tables.ts";
import { deleteFile } from "../files.ts";
import type { PersonalWork } from "../personal-data.ts";
import type { JobFile } from "./jobs.ts";

const PART = 50;

/** Deletes what jobs wrote for a person, and what others had written about them alone. */
export const deleteJobFiles: PersonalWork = {
  name: "files",
  async run(store, { member_ids, user_ids }, place) {
    const ids = (values: readonly string[]) => JSON.stringify(values);
    const rows = await store.db
      .select({ id: jobs.id, file: jobs.file })
      .from(jobs)
      .where(
        and(
          store.in(jobs, gt(jobs.id, place), isNotNull(jobs.file)),
          or(
            sql`${jobs.created_by} IN (SELECT value FROM json_each(${ids([...member_ids, ...user_ids])}))`,
            sql`${jobs.input} ->> '$.member_id' IN (SELECT value FROM json_each(${ids(member_ids)}))`,
          ),
        ),
      )
      .orderBy(asc(jobs.id))
      .limit(PART);
    for (const { file } of rows) {
      const { kind, id } = file as JobFile;
      await deleteFile({ makerspace_id: store.makerspace_id, kind, id });
    }
    const last = rows.at(-1);
    return last && rows.length === PART ? last.id : null;
  },
};
