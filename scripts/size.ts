/**
 * The size budget of the tablet page: what a browser loads before the first paint, gzipped. `npm run build` fails when it is exceeded; on its own,
 * `node scripts/run.mjs size` checks what was built.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./lib/env.ts";

/** Bytes after gzip -9. Small enough for an old tablet on a workshop's network. */
const budget = { js: 95_000, css: 12_000 } as const;

const assets = join(root, "dist/assets");

/** Scripts and styles that a page names, preloaded chunks included. */
const filesOf = (page: string): string[] => {
  const html = readFileSync(join(assets, page), "utf8");
  return [...html.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)].map((match) => match[1] ?? "");
};

const gzipped = (files: string[]): number =>
  files.reduce((sum, file) => sum + gzipSync(readFileSync(join(assets, file)), { level: 9 }).byteLength, 0);

/** Measures the built tablet page, prints the figures and throws when one is over its budget. */
export const checkSize = (): void => {
  const files = filesOf("tablet.html");
  for (const kind of ["js", "css"] as const) {
    const bytes = gzipped(files.filter((file) => file.endsWith(`.${kind}`)));
    console.log(`tablet ${kind}: ${(bytes / 1_000).toFixed(1)} kB gzip of ${budget[kind] / 1_000} kB`);
    if (bytes === 0) throw new Error(`tablet.html names no ${kind} file`);
    if (bytes > budget[kind]) throw new Error(`the tablet's ${kind} is ${bytes - budget[kind]} bytes over its budget`);
  }
};

if (process.argv[1]?.endsWith("size.ts")) checkSize();
