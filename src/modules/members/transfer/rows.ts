/** Rows of a file of members: read, and judged each by itself. */

import type { z } from "@hono/zod-openapi";
import { CsvError, type CsvRow, parseCsv } from "../../../platform/csv.ts";
import { newId } from "../../../platform/ids.ts";
import { type FieldError, type ProblemCode, problem, problems } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { MemberInput } from "../people/contract.ts";
import { IMPORT_MAX, type ImportColumn, importColumns } from "./contract.ts";

/** What is wrong with a row. */
export interface RowProblem {
  code: ProblemCode;
  detail: string;
  errors?: FieldError[];
}

/** A row as it waits for its job: whom it adds, or what is wrong with it. */
export interface WaitingRow {
  /** Where the row begins in the file; the header is line 1. */
  line: number;
  email: string;
  /** The member's id, chosen before the job runs: a second run finds what the first one made. */
  id: string;
  input: z.output<typeof MemberInput> | null;
  problem: RowProblem | null;
}

export const told = (code: ProblemCode, errors?: FieldError[]): RowProblem => ({
  code,
  detail: problems[code][2],
  ...(errors && { errors }),
});

const refuse = (detail: string) =>
  problem("invalid_body", { errors: [{ pointer: "/csv", code: "invalid_csv", detail }] });

/** Rows and the columns of the header. @throws invalid_body for what is no CSV of members */
export function readRows(csv: string): { columns: ImportColumn[]; rows: CsvRow[] } {
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
  if (!columns.includes("email") || !columns.includes("first_name")) {
    throw refuse("the first line names the columns, email and first_name among them");
  }
  if (rows.length === 0) throw refuse("there are no rows below the header");
  if (rows.length > IMPORT_MAX) throw refuse(`more than ${IMPORT_MAX} rows`);
  return { columns: columns as ImportColumn[], rows };
}

const several: readonly ImportColumn[] = ["public_skills", "tags", "duties"];
const list = (cell: string): string[] =>
  cell
    .split(/[;|]/)
    .map((item) => item.trim())
    .filter(Boolean);

/** An apostrophe that an export put before what looks like a formula is none of the value. */
const withoutGuard = (cell: string): string => (/^'[=+\-@]/.test(cell) ? cell.slice(1) : cell);

/** Cells → the body of a member; empty ones are left out. */
function toBody(columns: readonly ImportColumn[], cells: readonly string[]): Record<string, unknown> {
  const body: Record<string, unknown> = { role: "user", last_name: "" };
  for (const [index, column] of columns.entries()) {
    const cell = withoutGuard(cells[index]?.trim() ?? "");
    if (cell === "") continue;
    if (!several.includes(column)) body[column] = cell;
    else body[column] = column === "duties" ? list(cell).map((duty) => ({ duty })) : list(cell);
  }
  return body;
}

/** Judges one row by itself, asking what whoever imports may give. */
export function judge(space: Space, columns: readonly ImportColumn[], { line, cells }: CsvRow): WaitingRow {
  const body = toBody(columns, cells);
  const row = { line, email: String(body.email ?? "").toLowerCase(), id: newId(), input: null, problem: null };
  const extra = cells.slice(columns.length).some((cell) => cell.trim() !== "");
  const parsed = MemberInput.safeParse(body);
  if (extra || !parsed.success) {
    const errors: FieldError[] = (parsed.error?.issues ?? []).map(({ path, code, message }) => ({
      pointer: `/${path.join("/")}`,
      code,
      detail: message,
    }));
    if (extra) errors.push({ pointer: "", code: "too_many_cells", detail: "has more cells than the header" });
    return { ...row, problem: told("invalid_body", errors) };
  }
  if (!space.access.covers(parsed.data.role, parsed.data.duties)) return { ...row, problem: told("grant_exceeds_own") };
  return { ...row, input: parsed.data };
}
