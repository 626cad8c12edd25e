/** Members out of a CSV: a job that adds row by row and tells for each what became of it. */

import type { z } from "@hono/zod-openapi";
import { sql } from "drizzle-orm";
import { Access } from "../../../platform/access/permissions.ts";
import { getFile, LINK_TTL, putFile } from "../../../platform/files.ts";
import { newId } from "../../../platform/ids.ts";
import type { Job } from "../../../platform/ops/contract.ts";
import { type JobContext, startJob } from "../../../platform/ops/jobs.ts";
import { Problem, type ProblemCode } from "../../../platform/problem.ts";
import { type Actor, Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import { addMember } from "../people/service.ts";
import { members } from "../tables.ts";
import type { MemberImportInput } from "./contract.ts";
import { judge, type RowProblem, readRows, told, type WaitingRow } from "./rows.ts";

const KIND = "member_import";

interface ImportInput {
  file_id: string;
  dry_run: boolean;
  actor: Pick<Actor, "kind" | "id">;
}

/** Starts the import. Rows wait in a file, because a job's input is seen by whoever sees jobs. @throws invalid_body */
export async function importMembers(
  space: Space,
  { csv, dry_run }: z.output<typeof MemberImportInput>,
): Promise<z.output<typeof Job>> {
  const { columns, rows } = readRows(csv);
  const waiting = rows.map((row) => judge(space, columns, row));
  const file_id = newId();
  await putFile({ makerspace_id: space.id, kind: KIND, id: file_id }, JSON.stringify(waiting), {
    content_type: "application/json",
    expires_at: space.now + DAY,
  });
  const { kind, id } = space.actor;
  return startJob(space, "import_members", { file_id, dry_run, actor: { kind, id } } satisfies ImportInput);
}

/** The makerspace in the name of whoever imports; what they may give was asked before. */
const spaceOf = ({ store, request_id, now }: JobContext, actor: ImportInput["actor"], work: Promise<unknown>[]) =>
  new Space({
    id: store.makerspace_id,
    store,
    actor: { ...actor, membership: null },
    access: new Access("super_admin", [], now),
    settings: null,
    request_id,
    now,
    defer: (deferred) => work.push(deferred),
  });

interface Known {
  id: string;
  email: string;
  external_id: string | null;
}

/** Members who are there already with an id, an address or an external id of these rows: one read for many rows. */
async function knownAmong({ store }: JobContext, rows: readonly WaitingRow[]): Promise<Known[]> {
  const values = rows.flatMap(({ id, email, input }) => [id, email, input?.external_id ?? ""]);
  const among = sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`;
  const columns = { id: members.id, email: members.email, external_id: members.external_id };
  const read = (condition: ReturnType<typeof sql>) =>
    store.db.select(columns).from(members).where(store.in(members, condition));
  const found = await store.db.batch([
    read(sql`${members.id} IN ${among}`),
    read(sql`${members.email} IN ${among}`),
    read(sql`${members.external_id} IN ${among}`),
  ]);
  return found.flat();
}

/** Why a row adds nobody, as far as the makerspace and the rows before it tell. */
function standing({ email, input }: WaitingRow, known: readonly Known[], before: Set<string>): ProblemCode | null {
  if (before.has(`email ${email}`) || known.some((one) => one.email === email)) return "email_taken";
  const external_id = input?.external_id ?? null;
  if (external_id === null) return null;
  const isTaken = before.has(`external_id ${external_id}`) || known.some((one) => one.external_id === external_id);
  return isTaken ? "external_id_taken" : null;
}

/** Rows between two looks at whether somebody cancelled. */
const STEP = 50;

interface Report {
  line: number;
  email: string;
  ok: boolean;
  /** Null in a dry run, and for a row that was refused. */
  member_id: string | null;
  problem?: RowProblem;
}

async function carryOut(
  space: Space,
  row: WaitingRow,
  known: readonly Known[],
  before: Set<string>,
  dry_run: boolean,
): Promise<RowProblem | null> {
  if (row.problem || !row.input) return row.problem;
  // A run before this one made it.
  const isMade = known.some((one) => one.id === row.id);
  const code = isMade ? null : standing(row, known, before);
  before.add(`email ${row.email}`);
  if (row.input.external_id !== null) before.add(`external_id ${row.input.external_id}`);
  if (code || dry_run || isMade) return code && told(code);
  try {
    await addMember(space, row.input, row.id);
    return null;
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    return told(error.code);
  }
}

/** The job: adds row by row, each for itself, and leaves a report for whoever started it. */
export async function importMembersJob(context: JobContext): Promise<Record<string, number>> {
  const { file_id, dry_run, actor } = context.input as unknown as ImportInput;
  const { makerspace_id, job_id, now } = context;
  const file = await getFile({ makerspace_id, kind: KIND, id: file_id });
  const rows = file ? ((await file.json()) as WaitingRow[]) : [];
  const deferred: Promise<unknown>[] = [];
  const space = spaceOf(context, actor, deferred);
  const results: Report[] = [];
  const before = new Set<string>();
  for (let from = 0; from < rows.length; from += STEP) {
    if (!(await context.progress(from, rows.length))) break;
    const some = rows.slice(from, from + STEP);
    const known = await knownAmong(context, some);
    for (const row of some) {
      const refused = await carryOut(space, row, known, before, dry_run);
      const member_id = refused || dry_run ? null : row.id;
      results.push({ line: row.line, email: row.email, ok: !refused, member_id, ...(refused && { problem: refused }) });
    }
  }
  await Promise.all(deferred);
  await context.progress(results.length, rows.length);
  const expires_at = now + LINK_TTL;
  const report = { kind: "member_report", id: job_id };
  await putFile({ ...report, makerspace_id }, JSON.stringify({ dry_run, results }, null, 2), {
    content_type: "application/json",
    expires_at,
  });
  await context.attach({ ...report, filename: "members.json", expires_at });
  const ok = results.filter((one) => one.ok).length;
  return { rows: rows.length, ok, refused: results.length - ok };
}
