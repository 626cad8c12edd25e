/** Many invites at once out of a CSV: a job that tells for each row what became of it. */

import type { z } from "@hono/zod-openapi";
import { and, eq, gt, ne } from "drizzle-orm";
import { Access } from "../../../platform/access/permissions.ts";
import { CsvError, type CsvRow, parseCsv } from "../../../platform/csv.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { type FileRef, getFile, LINK_TTL, putFile } from "../../../platform/files.ts";
import { newId } from "../../../platform/ids.ts";
import type { Job } from "../../../platform/ops/contract.ts";
import { GO_ON, type JobContext, startJob } from "../../../platform/ops/jobs.ts";
import { type FieldError, Problem, type ProblemCode, problem, problems } from "../../../platform/problem.ts";
import { type Actor, Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import { members } from "../tables.ts";
import { type InviteImportInput, InviteInput } from "./contract.ts";
import { type MakerOf, makerOf } from "./maker.ts";
import { IMPORT_MAX, importColumns } from "./model.ts";
import { recordInvite } from "./service.ts";
import { invites } from "./tables.ts";

type Column = (typeof importColumns)[number];
type Input = z.output<typeof InviteInput>;

/** A row as it waits for its job: what it asks for, or what is wrong with it. */
interface WaitingRow {
  line: number;
  email: string;
  /** The invite's id, chosen before the job runs: a second run finds what the first one made. */
  id: string;
  input: Input | null;
  problem: RowProblem | null;
}

interface RowProblem {
  code: ProblemCode;
  detail: string;
  errors?: FieldError[];
}

/** What the report says of a row. */
interface RowResult {
  /** Where the row begins in the file; the header is line 1. */
  line: number;
  email: string;
  ok: boolean;
  /** Null in a dry run, and for a row that was refused. */
  invite_id: string | null;
  problem?: RowProblem;
}

const told = (code: ProblemCode, errors?: FieldError[]): RowProblem => ({
  code,
  detail: problems[code][2],
  ...(errors && { errors }),
});

const refuse = (detail: string) =>
  problem("invalid_body", { errors: [{ pointer: "/csv", code: "invalid_csv", detail }] });

/** Rows and the columns of the header. @throws invalid_body for what is no CSV of invites */
function read(csv: string): { columns: Column[]; rows: CsvRow[] } {
  let all: CsvRow[];
  try {
    all = parseCsv(csv);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw refuse(`line ${error.line}: ${error.message}`);
  }
  const [header, ...rows] = all;
  const columns = (header?.cells ?? []).map((name) => name.trim().toLowerCase());
  const unknown = columns.filter((name) => !(importColumns as readonly string[]).includes(name));
  if (unknown.length > 0) throw refuse(`unknown columns: ${unknown.join(", ").slice(0, 200)}`);
  if (new Set(columns).size < columns.length) throw refuse("a column is there twice");
  if (!columns.includes("email")) throw refuse("the first line names the columns, email among them");
  if (rows.length === 0) throw refuse("there are no rows below the header");
  if (rows.length > IMPORT_MAX) throw refuse(`more than ${IMPORT_MAX} rows`);
  return { columns: columns as Column[], rows };
}

/** Cells → the body of an invite; empty ones are left out. */
function toBody(columns: readonly Column[], cells: readonly string[]): Record<string, unknown> {
  const body: Record<string, unknown> = { role: "user" };
  for (const [index, column] of columns.entries()) {
    const cell = cells[index]?.trim() ?? "";
    if (cell === "") continue;
    body[column] = column === "duties" ? cell.split(/[\s,;|]+/).map((duty) => ({ duty })) : cell;
  }
  return body;
}

/** Judges one row by itself. */
function judge(space: Space, columns: readonly Column[], { line, cells }: CsvRow): WaitingRow {
  const body = toBody(columns, cells);
  const email = String(body.email ?? "").toLowerCase();
  const row = { line, email, id: newId(), input: null, problem: null };
  const extra = cells.slice(columns.length).some((cell) => cell.trim() !== "");
  const parsed = InviteInput.safeParse(body);
  if (extra || !parsed.success) {
    const errors: FieldError[] = (parsed.error?.issues ?? []).map(({ path, code, message }) => ({
      pointer: `/${path.join("/")}`,
      code,
      detail: message,
    }));
    if (extra) errors.push({ pointer: "", code: "too_many_cells", detail: "has more cells than the header" });
    return { ...row, problem: told("invalid_body", errors) };
  }
  // Asked of whoever imports, not of the job.
  if (!space.access.covers(parsed.data.role, parsed.data.duties)) return { ...row, problem: told("grant_exceeds_own") };
  return { ...row, input: parsed.data };
}

const KIND = "invite_import";

interface ImportInput {
  file_id: string;
  dry_run: boolean;
  actor: Pick<Actor, "kind" | "id">;
  maker: MakerOf;
}

/** Starts the import. Rows wait in a file, because a job's input is seen by whoever sees jobs. @throws invalid_body */
export async function importInvites(
  space: Space,
  { csv, dry_run }: z.output<typeof InviteImportInput>,
): Promise<z.output<typeof Job>> {
  const { columns, rows } = read(csv);
  const waiting = rows.map((row) => judge(space, columns, row));
  const file_id = newId();
  await putFile({ makerspace_id: space.id, kind: KIND, id: file_id }, JSON.stringify(waiting), {
    content_type: "application/json",
    expires_at: space.now + DAY,
  });
  const { kind, id } = space.actor;
  return startJob(space, "import_invites", {
    file_id,
    dry_run,
    actor: { kind, id },
    maker: makerOf(space),
  } satisfies ImportInput);
}

/** Whether an address could be invited now, in the words of the refusal. */
async function standing(store: SpaceStore, { email, id }: WaitingRow, now: number): Promise<ProblemCode | null> {
  const [belongs, open] = await store.db.batch([
    store.db
      .select({ id: members.id })
      .from(members)
      .where(store.in(members, eq(members.email, email), ne(members.status, "left"))),
    store.db
      .select({ id: invites.id })
      .from(invites)
      .where(
        store.in(invites, eq(invites.email, email), and(eq(invites.status, "pending"), gt(invites.expires_at, now))),
      ),
  ]);
  if (belongs.length > 0) return "already_member";
  return open.some((invite) => invite.id !== id) ? "already_invited" : null;
}

const isMade = async (store: SpaceStore, id: string): Promise<boolean> => {
  const found = await store.db
    .select({ id: invites.id })
    .from(invites)
    .where(store.in(invites, eq(invites.id, id)));
  return found.length > 0;
};

/** Makes the invite of a row, or says why not. */
async function carryOut(
  space: Space,
  row: WaitingRow,
  input: Input,
  maker: MakerOf,
  dry_run: boolean,
): Promise<RowProblem | null> {
  if (dry_run) {
    const code = await standing(space.store, row, space.now);
    return code && told(code);
  }
  if (await isMade(space.store, row.id)) return null;
  try {
    await recordInvite(space, input, row.id, maker);
    return null;
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    return told(error.code);
  }
}

/** The makerspace in the name of whoever imports; what they may give was asked before. */
function spaceOf({ store, request_id, now }: JobContext, actor: ImportInput["actor"], work: Promise<unknown>[]): Space {
  return new Space({
    id: store.makerspace_id,
    store,
    actor: { ...actor, membership: null },
    access: new Access("super_admin", [], now),
    settings: null,
    request_id,
    now,
    defer: (deferred) => work.push(deferred),
  });
}

/** Rows of one step, each with some ten statements: D1 takes a thousand per invocation. A dry run asks two of each. */
const STEP = 50;
const DRY_STEP = 250;

/** What the steps before this one have found out; it lies beside the rows and goes with them. */
const foundBy = ({ makerspace_id }: JobContext, file_id: string) => ({
  makerspace_id,
  kind: "invite_results",
  id: file_id,
});

async function readJson<T>(ref: FileRef): Promise<T[]> {
  const file = await getFile(ref);
  return file ? ((await file.json()) as T[]) : [];
}

/** The job: invites row by row, each for itself, some per step, and leaves a report for whoever started it. */
export async function importInvitesJob(context: JobContext): Promise<Record<string, number> | typeof GO_ON> {
  const { file_id, dry_run, actor, maker } = context.input as unknown as ImportInput;
  const { makerspace_id, now } = context;
  const rows = await readJson<WaitingRow>({ makerspace_id, kind: KIND, id: file_id });
  const results = await readJson<RowResult>(foundBy(context, file_id));
  const deferred: Promise<unknown>[] = [];
  const space = spaceOf(context, actor, deferred);
  const seen = new Set(rows.slice(0, results.length).map(({ email }) => email));
  const until = results.length + (dry_run ? DRY_STEP : STEP);
  const isWanted = await context.progress(results.length, rows.length);
  for (const row of isWanted ? rows.slice(results.length, until) : []) {
    const { line, email, input } = row;
    const isRepeated = input !== null && seen.has(email);
    seen.add(email);
    const refused =
      row.problem ??
      (isRepeated ? told("already_invited") : input && (await carryOut(space, row, input, maker, dry_run)));
    const invite_id = refused || dry_run ? null : row.id;
    results.push({ line, email, ok: !refused, invite_id, ...(refused && { problem: refused }) });
  }
  await Promise.all(deferred);
  await putFile(foundBy(context, file_id), JSON.stringify(results), {
    content_type: "application/json",
    expires_at: now + DAY,
  });
  const goesOn = await context.progress(results.length, rows.length);
  return goesOn && results.length < rows.length ? GO_ON : report(context, dry_run, rows.length, results);
}

/** Leaves the report of all rows that were looked at. */
async function report(
  { makerspace_id, job_id, now, attach }: JobContext,
  dry_run: boolean,
  rows: number,
  results: RowResult[],
) {
  const expires_at = now + LINK_TTL;
  const file = { kind: "invite_report", id: job_id };
  await putFile({ ...file, makerspace_id }, JSON.stringify({ dry_run, results }, null, 2), {
    content_type: "application/json",
    expires_at,
  });
  await attach({ ...file, filename: "invites.json", expires_at });
  const ok = results.filter((one) => one.ok).length;
  return { rows, ok, refused: results.length - ok };
}
