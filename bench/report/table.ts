/** Plain tables for a terminal. */

type Cell = string | number;

const digits = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A number to about three significant digits. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return digits.format(value);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

const text = (cell: Cell): string => (typeof cell === "number" ? figure(cell) : cell);

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = [head, ...rows.map((row) => row.map(text))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) => (column === 0 ? (row[column] ?? "").padEnd(width) : (row[column] ?? "").padStart(width)))
      .join("  ")
      .trimEnd();
  const [first = [], ...others] = cells;
  return [line(first), widths.map((width) => "─".repeat(width)).join("──"), ...others.map(line)].join("\n");
}

/** A title with a line of explanation above a table. */
export const section = (title: string, explanation: string, body: string): string =>
  `\n${title}\n${explanation}\n\n${body}`;
