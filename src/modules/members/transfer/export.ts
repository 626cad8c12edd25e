/** All members as a CSV that spreadsheets open and the import reads. */

import { asc, gt } from "drizzle-orm";
import { csvLine } from "../../../platform/csv.ts";
import { FileWriter } from "../../../platform/file-writer.ts";
import { LINK_TTL } from "../../../platform/files.ts";
import type { JobContext } from "../../../platform/ops/jobs.ts";
import { memberColumns, toMemberRow } from "../people/reads.ts";
import { type MemberRow, viewMember } from "../people/view.ts";
import { members } from "../tables.ts";
import { exportColumns } from "./contract.ts";

/** Members per read. */
const STEP = 500;

function toCells(row: MemberRow): (string | null)[] {
  const view = viewMember(row);
  return exportColumns.map((column) => {
    if (column === "duties") return view.duties.map(({ duty }) => duty).join(";");
    if (column === "public_skills") return view.public_skills.join(";");
    if (column === "tags") return row.tags.join(";");
    return view[column] ?? null;
  });
}

/** The job: member by member, oldest first, into a file for whoever started it. */
export async function exportMembersJob(context: JobContext): Promise<Record<string, number>> {
  const { store, makerspace_id, job_id, now } = context;
  const expires_at = now + LINK_TTL;
  const ref = { kind: "member_export", id: job_id };
  const content_type = "text/csv; charset=utf-8";
  const writer = await FileWriter.open({ ...ref, makerspace_id }, { content_type, expires_at });
  let [last, done] = ["", 0];
  try {
    await writer.write(csvLine(exportColumns));
    for (;;) {
      const rows = await store.db
        .select(memberColumns)
        .from(members)
        .where(store.in(members, gt(members.id, last)))
        .orderBy(asc(members.id))
        .limit(STEP);
      for (const row of rows) await writer.write(csvLine(toCells(toMemberRow(row))));
      done += rows.length;
      last = rows.at(-1)?.id ?? last;
      if (!(await context.progress(done, done)) || rows.length < STEP) break;
    }
    await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await context.attach({ ...ref, filename: "members.csv", expires_at });
  return { rows: done };
}
