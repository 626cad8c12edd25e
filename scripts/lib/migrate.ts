/** Applies the migrations of every D1 database in wrangler.toml to a local state. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { D1Database } from "@cloudflare/workers-types";
import { root } from "./env.ts";

interface DatabaseConfig {
  binding: string;
  database_name?: string;
  database_id?: string;
  migrations_dir?: string;
}

/** One migration file, its statements split. */
interface Migration {
  name: string;
  statements: string[];
}

// wrangler's own table, so that `wrangler d1 migrations list` and a deployment see the same history.
const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

const readMigrations = (directory: string, split: (sql: string) => string[]): Migration[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => ({ name, statements: split(readFileSync(join(directory, name), "utf8")) }));

/** Applies what is missing, each file in one batch together with its entry, and returns the names applied. */
const applyTo = async (database: D1Database, migrations: readonly Migration[]): Promise<string[]> => {
  await database.prepare(MIGRATIONS_TABLE).run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const known = new Set(results.map((row) => row.name));
  const missing = migrations.filter((migration) => !known.has(migration.name));
  for (const { name, statements } of missing) {
    const entry = database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    await database.batch([...statements.map((sql) => database.prepare(sql)), entry]).catch((error: unknown) => {
      throw new Error(`migration ${name} failed: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  return missing.map((migration) => migration.name);
};

/**
 * Brings the databases under `persistTo` up to date; does nothing when they are.
 * One short-lived runtime with the databases alone: about 0.4 s instead of 3 to 8 s for two runs of wrangler.
 *
 * @param persistTo what `wrangler dev --persist-to` is given
 * @returns the applied migrations, as `BINDING/name`
 */
export const migrate = async (persistTo: string, config = join(root, "wrangler.toml")): Promise<string[]> => {
  const wrangler = await import("wrangler");
  const databases: DatabaseConfig[] = wrangler.unstable_readConfig({ config }).d1_databases;
  const folder = mkdtempSync(join(tmpdir(), "makrcave-migrate-"));
  const configPath = join(folder, "wrangler.json");
  writeFileSync(
    configPath,
    JSON.stringify({ name: "migrate", compatibility_date: "2026-10-01", d1_databases: databases }),
  );
  const proxy = await wrangler.getPlatformProxy<Record<string, D1Database>>({
    configPath,
    envFiles: [],
    persist: { path: join(persistTo, "v3") },
    remoteBindings: false,
  });
  try {
    const applied: string[] = [];
    for (const { binding, migrations_dir } of databases) {
      const database = proxy.env[binding];
      if (!database || !migrations_dir) throw new Error(`${binding}: no database or no migrations_dir in ${config}`);
      const migrations = readMigrations(join(root, migrations_dir), wrangler.unstable_splitSqlQuery);
      applied.push(...(await applyTo(database, migrations)).map((name) => `${binding}/${name}`));
    }
    return applied;
  } finally {
    await proxy.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
};
