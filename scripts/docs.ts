/**
 * `npm run docs`: writes docs/openapi.json, access.md, problems.md and coverage.md from the running application, and new migrations into
 * migrations/checksums.
 * With `--check` it writes nothing and fails where a committed document differs.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./lib/env.ts";
import { extendLock } from "./lib/migration-lock.ts";
import { landedFiles, lockPath, readLock } from "./lib/migrations.ts";
import { startServer } from "./lib/server.ts";

const PATH = "/generated-docs";
const folder = join(root, "docs");

const generate = async (): Promise<Record<string, string>> => {
  const persistTo = mkdtempSync(join(tmpdir(), "makrcave-docs-"));
  const server = await startServer({ persistTo, entry: "scripts/docs-worker.ts", readyPath: PATH, migrate: false });
  try {
    return (await (await fetch(server.url + PATH)).json()) as Record<string, string>;
  } finally {
    await server.stop();
    rmSync(persistTo, { recursive: true, force: true });
  }
};

/** The first line in which two texts differ, counted from 1. */
const firstDifference = (committed: string, made: string): number => {
  const lines = made.split("\n");
  const at = committed.split("\n").findIndex((line, index) => line !== lines[index]);
  return (at < 0 ? lines.length : at) + 1;
};

const documents = await generate();
const committed = (name: string): string =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "";
const changed = Object.entries(documents).filter(([name, text]) => committed(name) !== text);

if (process.argv.includes("--check")) {
  for (const [name, text] of changed) {
    console.error(`docs/${name} is not what the code says, from line ${firstDifference(committed(name), text)} on`);
  }
  if (changed.length > 0) {
    console.error("`npm run docs` writes them anew.");
    process.exit(1);
  }
} else {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of changed) writeFileSync(join(folder, name), text);
  writeFileSync(lockPath, extendLock(readLock(), landedFiles()));
}
console.log(
  changed.length === 0 ? "the generated documents are in step" : `${changed.map(([name]) => name).join(", ")} written`,
);
