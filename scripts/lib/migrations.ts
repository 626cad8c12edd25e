/** The migrations of every database, as they lie in their folder. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./env.ts";
import type { LandedFile } from "./migration-lock.ts";
import type { MigrationFile } from "./migration-rules.ts";

const folder = join(root, "migrations");

/** Where `npm run docs` writes down what landed. */
export const lockPath = join(folder, "checksums");

/** What has landed, as it is written down. */
export const readLock = (): string => (existsSync(lockPath) ? readFileSync(lockPath, "utf8") : "");

/** Database → its files in the order in which they are applied. */
export function readMigrations(): Map<string, MigrationFile[]> {
  const databases = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return new Map(
    databases.map(({ name: database }) => {
      const files = readdirSync(join(folder, database)).sort();
      if (files.length === 0) throw new Error(`migrations/${database} is empty`);
      return [database, files.map((name) => ({ name, sql: readFileSync(join(folder, database, name), "utf8") }))];
    }),
  );
}

/** The same as one list. */
export const landedFiles = (): LandedFile[] =>
  [...readMigrations()].flatMap(([database, files]) =>
    files.map(({ name, sql }) => ({ path: `${database}/${name}`, sql })),
  );
