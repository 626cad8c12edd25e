/** Rows of a CSV that somebody imports: read, and judged each by itself. */

import type { z } from "@hono/zod-openapi";
import { CsvError, type CsvRow, parseCsv } from "../csv.ts";
import { newId } from "../ids.ts";
import { type FieldError, type ProblemCode, problem, problems } from "../problem.ts";

/** What is wrong with a row. */
export interface RowProblem {
  code: ProblemCode;
  detail: string;
  errors?: FieldError[];
}

/** A row as it waits for its job: what it asks for, or what is wrong with it. */
export interface WaitingRow<Input> {
  /** Where the row begins in the file; the header is line 1. */
  line: number;
  /** What tells it apart for people: an address, a code. */
  label: string;
  /** The id of what it makes, chosen before the job runs: a second run finds what the first one made. */
  id: string;
  input: Input | null;
  problem: RowProblem | null;
}

/** The shape of a file that can be imported. */
export interface CsvShape<Input> {
  columns: readonly string[];
  /** Those that the header must name. */
  required: readonly string[];
  max_rows: number;
  /** Cells by column, empty ones left out → the body that `schema` judges. */
  body(cells: Readonly<Record<string, string>>): Record<string, unknown>;
  schema: z.ZodType<Input>;
  /** The column that tells rows apart, in lower case. */
  label: string;
}

/** A problem by its code, in a row. */
export const told = (code: ProblemCode, errors?: FieldError[]): RowProblem => ({
  code,
  detail: problems[code][2],
  ...(errors && { errors }),
});

const refuse = (detail: string) =>
  problem("invalid_body", { errors: [{ pointer: "/csv", code: "invalid_csv", detail }] });

/** Rows and the columns of the header. @throws invalid_body for what is no such CSV */
function readRows(shape: CsvShape<unknown>, csv: string): { columns: string[]; rows: CsvRow[] } {
  let all: CsvRow[];
  try {
    all = parseCsv(csv);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw refuse(`line ${error.line}: ${error.message}`);
  }
  const [header, ...rows] = all;
  const columns = (header?.cells ?? []).map((name) => name.trim().toLowerCase());
  const unknown = columns.filter((name) => !shape.columns.includes(name));
  if (unknown.length > 0) throw refuse(`unknown columns: ${unknown.join(", ").slice(0, 200)}`);
  if (new Set(columns).size < columns.length) throw refuse("a column is there twice");
  if (!shape.required.every((name) => columns.includes(name)))
    throw refuse(`the first line names the columns, ${shape.required.join(" and ")} among them`);
  if (rows.length === 0) throw refuse("there are no rows below the header");
  if (rows.length > shape.max_rows) throw refuse(`more than ${shape.max_rows} rows`);
  return { columns, rows };
}

/** An apostrophe that an export put before what looks like a formula is none of the value. */
const withoutGuard = (cell: string): string => (/^'[=+\-@]/.test(cell) ? cell.slice(1) : cell);

function judge<Input>(shape: CsvShape<Input>, columns: readonly string[], { line, cells }: CsvRow): WaitingRow<Input> {
  const named = columns.map((column, index) => [column, withoutGuard(cells[index]?.trim() ?? "")] as const);
  const given = Object.fromEntries(named.filter(([, cell]) => cell !== ""));
  const row = { line, label: (given[shape.label] ?? "").toLowerCase(), id: newId(), input: null, problem: null };
  const parsed = shape.schema.safeParse(shape.body(given));
  const extra = cells.slice(columns.length).some((cell) => cell.trim() !== "");
  if (!extra && parsed.success) return { ...row, input: parsed.data };
  const errors: FieldError[] = (parsed.error?.issues ?? []).map(({ path, code, message }) => ({
    pointer: `/${path.join("/")}`,
    code,
    detail: message,
  }));
  if (extra) errors.push({ pointer: "", code: "too_many_cells", detail: "has more cells than the header" });
  return { ...row, problem: told("invalid_body", errors) };
}

/** Reads a file and judges its rows, each by itself. @throws invalid_body for what is no such CSV */
export function judgeRows<Input>(shape: CsvShape<Input>, csv: string): WaitingRow<Input>[] {
  const { columns, rows } = readRows(shape, csv);
  return rows.map((row) => judge(shape, columns, row));
}

/** A cell with several values, by semicolons or bars. */
export const listIn = (cell: string | undefined, separator = /[;|]/): string[] =>
  (cell ?? "")
    .split(separator)
    .map((item) => item.trim())
    .filter(Boolean);
