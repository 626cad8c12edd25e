/** What migrations were when they landed: one line `<sha256>  <database>/<file>` each, as `sha256sum -c` reads it. */
import { createHash } from "node:crypto";

/** One migration file. */
export interface LandedFile {
  /** Below the folder of migrations: "space/0001_platform.sql". */
  path: string;
  sql: string;
}

const sumOf = ({ sql }: LandedFile): string => createHash("sha256").update(sql).digest("hex");

const parse = (lock: string): Map<string, string> =>
  new Map(
    lock
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => [line.slice(66), line.slice(0, 64)] as const),
  );

/** Files that are not what they were when they landed, are gone, or are not written down yet. */
export function checkLock(lock: string, files: readonly LandedFile[]): string[] {
  const landed = parse(lock);
  const paths = new Set(files.map(({ path }) => path));
  return [
    ...files.flatMap((file) => {
      const sum = landed.get(file.path);
      if (sum === undefined) return [`${file.path}: is not in migrations/checksums; \`npm run docs\` adds it`];
      return sum === sumOf(file) ? [] : [`${file.path}: has changed since it landed; what it lacks is a new migration`];
    }),
    ...[...landed.keys()]
      .filter((path) => !paths.has(path))
      .map((path) => `${path}: has landed and is gone (renumbered? then take main's migrations/checksums first)`),
  ];
}

/** The lines with those files added that have none yet; what has landed stays as it is. */
export function extendLock(lock: string, files: readonly LandedFile[]): string {
  const landed = parse(lock);
  for (const file of files) if (!landed.has(file.path)) landed.set(file.path, sumOf(file));
  const lines = [...landed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, sum]) => `${sum}  ${path}\n`);
  return lines.join("");
}
