/** The audit as a file: for auditors, and for whoever wants to check the chain without us. */

import { csvLine } from "../csv.ts";
import { FileWriter } from "../file-writer.ts";
import { LINK_TTL } from "../files.ts";
import type { JobContext } from "../ops/jobs.ts";
import { toIso } from "../time.ts";
import type { EntryFacts } from "./chain.ts";

/** What the export asked for; times are epoch milliseconds. */
interface ExportInput {
  format: "csv" | "ndjson";
  occurred_from?: number;
  occurred_to?: number;
  details: boolean;
}

interface Row extends EntryFacts {
  salt: string | null;
  before: string | null;
  after: string | null;
  digest: string | null;
  prev_hash: string | null;
  hash: string | null;
}

const STEP = 1_000;

const PAGE = `SELECT entry.*, salt, before, after, digest, prev_hash, hash FROM audit_log entry
  LEFT JOIN audit_details USING (makerspace_id, seq) LEFT JOIN audit_chain USING (makerspace_id, seq)
  WHERE entry.makerspace_id = ?1 AND (entry.occurred_at, entry.seq) > (?2, ?3) AND entry.occurred_at < ?4
  ORDER BY entry.occurred_at, entry.seq LIMIT ${STEP}`;
const COUNT = `SELECT count(*) AS total FROM audit_log
  WHERE makerspace_id = ?1 AND occurred_at >= ?2 AND occurred_at < ?3`;

const facts = [
  "seq",
  "action",
  "subject_type",
  "subject_id",
  "actor_kind",
  "actor_id",
  "request_id",
  "commit_id",
] as const;
const chain = ["digest", "prev_hash", "hash"] as const;
const details = ["salt", "before", "after"] as const;

/** The fields of an entry, times in ISO 8601; details only where they were asked for. */
function fieldsOf(row: Row, withDetails: boolean): Record<string, string | number | null> {
  const names = [...facts, ...chain, ...(withDetails ? details : [])];
  return {
    occurred_at: toIso(row.occurred_at),
    recorded_at: toIso(row.recorded_at),
    ...Object.fromEntries(names.map((name) => [name, row[name]])),
  };
}

const columns = (withDetails: boolean): string[] => [
  "occurred_at",
  "recorded_at",
  ...facts,
  ...chain,
  ...(withDetails ? details : []),
];

/** The job behind POST space/audit/exports. A second run writes the same file again. */
export async function exportAuditJob(job: JobContext): Promise<Record<string, number>> {
  const { store, makerspace_id } = job;
  const { d1 } = store;
  // Read back as it was validated when the job was made.
  const input = job.input as unknown as ExportInput;
  const [from, to] = [input.occurred_from ?? 0, input.occurred_to ?? Number.MAX_SAFE_INTEGER];
  const counted = await d1.prepare(COUNT).bind(makerspace_id, from, to).first<{ total: number }>();
  const total = counted?.total ?? 0;
  const expires_at = Date.now() + LINK_TTL;
  const ref = { kind: "audit_export", id: job.job_id };
  const content_type = input.format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
  const writer = await FileWriter.open({ ...ref, makerspace_id }, { content_type, expires_at });
  if (input.format === "csv") await writer.write(csvLine(columns(input.details)));
  let [entries, at, seq] = [0, from, 0];
  for (;;) {
    const { results } = await d1.prepare(PAGE).bind(makerspace_id, at, seq, to).all<Row>();
    const lines = results.map((row) => {
      const fields = fieldsOf(row, input.details);
      return input.format === "csv" ? csvLine(Object.values(fields)) : `${JSON.stringify(fields)}\n`;
    });
    await writer.write(lines.join(""));
    entries += results.length;
    if (!(await job.progress(entries, Math.max(total, entries)))) {
      await writer.abort();
      return { entries };
    }
    const last = results.at(-1);
    if (!last || results.length < STEP) break;
    ({ occurred_at: at, seq } = last);
  }
  await writer.close();
  await job.attach({ ...ref, filename: `audit-${toIso(job.now).slice(0, 10)}.${input.format}`, expires_at });
  return { entries };
}
