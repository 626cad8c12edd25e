/** Much out of a CSV: a job that carries out row by row, some per step, and tells for each what became of it. */

import type { z } from "@hono/zod-openapi";
import type { Access, Permission } from "../access/permissions.ts";
import type { SpaceStore } from "../db/store.ts";
import { type FileRef, getFile, LINK_TTL, putFile } from "../files.ts";
import { newId } from "../ids.ts";
import { Problem, type ProblemCode } from "../problem.ts";
import { type Actor, Space } from "../space.ts";
import { DAY } from "../time.ts";
import type { Job } from "./contract.ts";
import { type CsvShape, judgeRows, type RowProblem, told, type WaitingRow } from "./import-rows.ts";
import { GO_ON, type JobContext, type JobResult, startJob } from "./jobs.ts";

/**
 * What somebody imports. `Input` is what a row asks for, `Maker` what adding it must know of whoever imports; both lie as JSON in files
 * and in the job while they wait.
 */
export interface CsvImport<Input, Maker> extends CsvShape<Input> {
  /** The job's kind, and the beginning of its files' names: "import_members". */
  kind: string;
  /** What the report is called, and what a row's id is called in it: "members.json", "member_id". */
  report: { filename: string; id: string };
  /** Rows per step, so that the statements of all of them stay within the thousand that D1 takes per invocation. */
  step: { rows: number; dry_rows: number };
  maker(space: Space): Maker;
  /** What it takes to import, of everybody; asked again at each step. */
  permission: Permission;
  /** What whoever imports may not give; asked when the import starts, and again at each step. */
  excess(space: Space, input: Input): ProblemCode | null;
  /** What nobody else may have: of rows that share a mark the first is taken, the others are refused with its problem. */
  marks(input: Input): readonly (readonly [mark: string, taken: ProblemCode])[];
  /** Looks at many rows in one read; what comes back says of each that a run before this one made it, why it cannot be, or nothing. */
  known(store: SpaceStore, rows: readonly WaitingRow<Input>[], now: number): Promise<Standing<Input>>;
  /** Makes one. Problems below 500 are the row's. */
  add(space: Space, input: Input, id: string, maker: Maker): Promise<unknown>;
}

/** What the makerspace says of a row before it is tried. */
export type Standing<Input> = (row: WaitingRow<Input>) => "made" | ProblemCode | null;

/** Who started an import, and by what right. */
export interface Starter {
  id: string;
  as: "member" | "service" | "platform";
}

/** What whoever started it may do now; null when they may do nothing here any more. */
export type StarterAccess = (store: SpaceStore, starter: Starter, now: number) => Promise<Access | null>;

interface ImportInput<Maker> {
  file_id: string;
  dry_run: boolean;
  actor: Pick<Actor, "kind" | "id">;
  as: Starter["as"];
  maker: Maker;
}

/** What the report says of a row, beside its label and its id. */
interface RowResult {
  line: number;
  ok: boolean;
  problem?: RowProblem;
  [label: string]: unknown;
}

const jsonFile = { content_type: "application/json" } as const;

/** Rows wait as long as this; who cannot be reached for longer imports again. */
const ROWS_KEPT = DAY;

const rowsOf = (kind: string, makerspace_id: string, id: string): FileRef => ({
  makerspace_id,
  kind: `${kind}_rows`,
  id,
});

/** What the steps before have found out. */
const foundBy = (kind: string, makerspace_id: string, id: string): FileRef => ({
  makerspace_id,
  kind: `${kind}_results`,
  id,
});

async function readJson<T>(ref: FileRef): Promise<T[]> {
  const file = await getFile(ref);
  return file ? (JSON.parse(await file.text()) as T[]) : [];
}

/**
 * Starts an import. Rows wait in a file, because a job's input is seen by whoever sees jobs.
 * @throws invalid_body for what is no such CSV
 */
export async function startImport<Input, Maker>(
  space: Space,
  { csv, dry_run }: { csv: string; dry_run: boolean },
  what: CsvImport<Input, Maker>,
): Promise<z.output<typeof Job>> {
  const rows = judgeRows(what, csv).map((row) => {
    const excess = row.input && what.excess(space, row.input);
    return excess ? { ...row, input: null, problem: told(excess) } : row;
  });
  const file_id = newId();
  await putFile(rowsOf(what.kind, space.id, file_id), JSON.stringify(rows), {
    ...jsonFile,
    expires_at: space.now + ROWS_KEPT,
  });
  const { kind, id } = space.actor;
  const as = kind === "service" ? kind : space.access.role === "super_admin" ? "platform" : "member";
  const input: ImportInput<Maker> = { file_id, dry_run, actor: { kind, id }, as, maker: what.maker(space) };
  return startJob(space, what.kind, { ...input });
}

/** The makerspace as whoever imports has it now. */
const spaceOf = (
  { store, request_id, now }: JobContext,
  actor: ImportInput<unknown>["actor"],
  access: Access,
  work: Promise<unknown>[],
) =>
  new Space({
    id: store.makerspace_id,
    store,
    actor: { ...actor, membership: null },
    access,
    settings: null,
    request_id,
    now,
    defer: (deferred) => work.push(deferred),
  });

/** Carries out the rows of one step, each for itself, and says of each why not. */
async function takeStep<Input, Maker>(
  space: Space,
  what: CsvImport<Input, Maker>,
  rows: readonly WaitingRow<Input>[],
  { seen, maker, dry_run }: { seen: Set<string>; maker: Maker; dry_run: boolean },
): Promise<(RowProblem | null)[]> {
  const standingOf = await what.known(space.store, rows, space.now);
  const refused: (RowProblem | null)[] = [];
  for (const row of rows) {
    const { id, input } = row;
    if (!input) {
      refused.push(row.problem);
      continue;
    }
    const marks = what.marks(input);
    const [, repeated] = marks.find(([mark]) => seen.has(mark)) ?? [];
    const standing = standingOf(row);
    const code = standing === "made" ? null : (repeated ?? standing ?? what.excess(space, input));
    const isDone = dry_run || standing === "made";
    const problem = code ? told(code) : isDone ? null : await carryOut(what.add(space, input, id, maker));
    refused.push(problem);
    // What was refused takes nothing from those behind it.
    if (!problem) for (const [mark] of marks) seen.add(mark);
  }
  return refused;
}

async function carryOut(work: Promise<unknown>): Promise<RowProblem | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    return told(error.code);
  }
}

/** The marks of the rows that were taken. */
const takenMarks = <Input>(
  what: Pick<CsvImport<Input, never>, "marks">,
  rows: readonly WaitingRow<Input>[],
  results: readonly RowResult[],
): Set<string> =>
  new Set(
    results.flatMap(({ ok }, index) => {
      const input = ok ? rows[index]?.input : null;
      return input ? what.marks(input).map(([mark]) => mark) : [];
    }),
  );

/** What becomes of the next rows; all that are left are refused when whoever started it may import no more. */
async function nextResults<Input, Maker>(
  context: JobContext,
  what: CsvImport<Input, Maker>,
  accessOf: StarterAccess,
  { rows, results }: { rows: readonly WaitingRow<Input>[]; results: readonly RowResult[] },
): Promise<RowResult[]> {
  const { dry_run, actor, as, maker } = context.input as unknown as ImportInput<Maker>;
  const access = await accessOf(context.store, { id: actor.id, as }, context.now);
  const left = rows.slice(results.length);
  const resultOf = (row: WaitingRow<Input>, problem: RowProblem | null): RowResult => {
    const made = problem || dry_run ? null : row.id;
    return {
      line: row.line,
      [what.label]: row.label,
      ok: !problem,
      [what.report.id]: made,
      ...(problem && { problem }),
    };
  };
  if (access?.scope(what.permission) !== "any")
    return left.map((row) => resultOf(row, row.problem ?? told("forbidden")));
  const next = left.slice(0, dry_run ? what.step.dry_rows : what.step.rows);
  const deferred: Promise<unknown>[] = [];
  const seen = takenMarks(what, rows, results);
  const refused = await takeStep(spaceOf(context, actor, access, deferred), what, next, { seen, maker, dry_run });
  await Promise.all(deferred);
  return next.map((row, index) => resultOf(row, refused[index] ?? null));
}

/**
 * The job of an import. A step that runs twice adds nobody twice. When whoever started it may import no more, the rows that are left are
 * refused.
 */
export const importJob =
  <Input, Maker>(what: CsvImport<Input, Maker>, accessOf: StarterAccess) =>
  async (context: JobContext): Promise<JobResult | typeof GO_ON> => {
    const { makerspace_id, now } = context;
    const { file_id, dry_run } = context.input as unknown as ImportInput<Maker>;
    const rows = await readJson<WaitingRow<Input>>(rowsOf(what.kind, makerspace_id, file_id));
    const found = foundBy(what.kind, makerspace_id, file_id);
    const results = await readJson<RowResult>(found);
    const isWanted = await context.progress(results.length, rows.length);
    if (isWanted && results.length < rows.length) {
      results.push(...(await nextResults(context, what, accessOf, { rows, results })));
      await putFile(found, JSON.stringify(results), { ...jsonFile, expires_at: now + ROWS_KEPT });
    }
    const goesOn = await context.progress(results.length, rows.length);
    if (goesOn && results.length < rows.length) return GO_ON;
    return report(context, what, { dry_run, rows: rows.length, results });
  };

/** Leaves the report of all rows that were looked at. */
async function report(
  { makerspace_id, job_id, now, attach }: JobContext,
  what: { kind: string; report: { filename: string } },
  { dry_run, rows, results }: { dry_run: boolean; rows: number; results: RowResult[] },
): Promise<JobResult> {
  const expires_at = now + LINK_TTL;
  const file = { kind: `${what.kind}_report`, id: job_id };
  const text = JSON.stringify({ dry_run, results }, null, 2);
  await putFile({ ...file, makerspace_id }, text, { ...jsonFile, expires_at });
  await attach({ ...file, filename: what.report.filename, expires_at });
  const ok = results.filter((one) => one.ok).length;
  return { rows, ok, refused: results.length - ok };
}
