/** Skips work whose inputs have not changed: a hash over the contents, kept beside the installed packages. */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, root } from "./env.ts";

const hashOf = (patterns: readonly string[]): string => {
  const hash = createHash("sha256");
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root }));
  for (const file of [...new Set(files)].sort()) {
    const path = join(root, file);
    if (statSync(path).isFile()) hash.update(file).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
};

/**
 * Runs `work` unless it has succeeded before with the same inputs and its output is still there.
 *
 * @param name names the work in the cache
 * @param inputs globs relative to the root
 * @param output a path relative to the root that the work produces
 * @returns whether it ran
 */
export const whenStale = async (
  name: string,
  inputs: readonly string[],
  output: string,
  work: () => Promise<void>,
): Promise<boolean> => {
  const note = join(cacheFolder, name);
  const now = hashOf(inputs);
  if (existsSync(join(root, output)) && existsSync(note) && readFileSync(note, "utf8") === now) return false;
  await work();
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(note, now);
  return true;
};
