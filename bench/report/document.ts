/** Puts the tables of a run into docs/performance.md, between its two marks. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/lib/env.ts";

const path = join(root, "docs/performance.md");
const BEGIN = "<!-- figures: npm run bench -- --write -->";
const END = "<!-- end of figures -->";

/** @throws when the document has lost its marks */
export function writeFigures(report: string, at: string): void {
  const text = readFileSync(path, "utf8");
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${path} has no marks for the figures`);
  const figures = `Measured on ${at.slice(0, 10)}.\n\n\`\`\`text\n${report}\n\`\`\``;
  writeFileSync(path, `${before}${BEGIN}\n\n${figures}\n\n${END}${after}`);
}
