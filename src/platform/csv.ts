/**
 * Comma-separated values as RFC 4180 has them: written safe to open in a spreadsheet, read as spreadsheets write them (quotes, line breaks in
 * quotes, a byte order mark, semicolons where commas are decimals).
 */

/** Spreadsheets run what begins like this; a quote before it makes it text. */
const FORMULA = /^[=+\-@\t\r]/;

type Cell = string | number | boolean | null | undefined;

function cell(value: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One line, its end included. Text that a spreadsheet would take for a formula gets a leading apostrophe. */
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(cell).join(",")}\r\n`;

/** A text is not CSV. `line` counts from 1. */
export class CsvError extends Error {
  override name = "CsvError";
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** One row with the line it begins in. */
export interface CsvRow {
  line: number;
  cells: string[];
}

/** Commas, unless the header has semicolons alone. */
const separatorOf = (header: string): string => (header.includes(";") && !header.includes(",") ? ";" : ",");

/** A quoted cell that begins at `from`: its text, and where it ends. @throws CsvError */
function quotedCell(text: string, from: number, line: number): { cell: string; end: number } {
  let cell = "";
  for (let at = from + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new CsvError(line, "a quote is not closed");
    cell += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { cell, end: quote + 1 };
    cell += '"';
    at = quote + 2;
  }
}

/** Reads rows, blank lines left out. @throws CsvError for a quote that is not closed, or has something behind it */
export function parseCsv(given: string): CsvRow[] {
  const text = given.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  const separator = separatorOf(text.split("\n", 1)[0] ?? "");
  const rows: CsvRow[] = [];
  let line = 1;
  for (let at = 0; at < text.length; ) {
    const row: CsvRow = { line, cells: [] };
    for (let isOver = false; !isOver; ) {
      let cell: string;
      if (text[at] === '"') {
        const { cell: quoted, end } = quotedCell(text, at, line);
        line += quoted.split("\n").length - 1;
        [cell, at] = [quoted, end];
      } else {
        const rest = text.slice(at).search(separator === ";" ? /[;\n]/ : /[,\n]/);
        const end = rest < 0 ? text.length : at + rest;
        [cell, at] = [text.slice(at, end), end];
      }
      row.cells.push(cell);
      const next = text[at];
      if (next !== undefined && next !== separator && next !== "\n") throw new CsvError(line, "text follows a quote");
      isOver = next !== separator;
      at += 1;
    }
    line += 1;
    if (row.cells.some((cell) => cell.trim() !== "")) rows.push(row);
  }
  return rows;
}
