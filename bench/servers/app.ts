/**
 * The whole application without wrangler's layers: bare workerd, D1's own client before an SQLite object in a
 * process of its own, rate limits that always pass, a queue and a bucket that accept and forget.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/lib/env.ts";
import type { DatabaseCounts } from "../load/counts.ts";
import { bundle } from "./bundle.ts";
import type { Subject } from "./child.ts";
import type { Issuer } from "./issuer.ts";
import { startWorkerd, type WorkerConfig, type Workerd } from "./workerd.ts";

/** What the worker reads from its environment, for the bench. */
export const appVariables = (issuer: Issuer): Record<string, string> => ({
  ENVIRONMENT: "production",
  OIDC_ISSUERS: JSON.stringify([issuer.config]),
  DEV_ISSUER: "off",
  ALLOWED_ORIGINS: "",
  RATE_LIMITS: "load",
  SETTINGS_KEYS: "bench:d2hhdCB0aGUgYmVuY2ggc2VhbHMgaXMgbm90IHJlYWw=",
  APP_URL: "https://app.makrcave.test",
  // Nothing of what is measured calls a webhook.
  WEBHOOK_RESOLVER: "https://resolver.makrcave.test/dns-query",
  // Nothing of what is measured sends mail.
  MAIL: "smtp",
  MAIL_FROM: "mail@makrcave.test",
  SMTP_HOST: "smtp.makrcave.test",
});

const extensions = {
  "bench:limiter": "export default () => ({ limit: async () => ({ success: true }) });",
  "bench:bucket": "export default () => ({ put: async () => ({}), get: async () => null, delete: async () => {} });",
  "bench:queue": "export default () => ({ send: async () => {}, sendBatch: async () => {} });",
};
const limiters = ["LIMIT_USER", "LIMIT_IP", "LIMIT_USER_LOAD", "LIMIT_IP_LOAD"];
const databases = { DIRECTORY: "directory", DB_000: "space" } as const;
type DatabaseName = (typeof databases)[keyof typeof databases];

const wrapped = (name: string, moduleName: string, inner = ""): string =>
  `(name = "${name}", wrapped = (moduleName = "${moduleName}", innerBindings = [ ${inner} ]))`;

export interface CountedStatement {
  sql: string;
  params: unknown[];
  rows_read: number;
  rows_written: number;
}

/** A database behind the application. */
export class AppDatabase {
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  async #ask(path: string, body?: string): Promise<Response> {
    const response = await fetch(
      `http://127.0.0.1:${this.#port}${path}`,
      body === undefined ? {} : { method: "POST", body },
    );
    if (!response.ok) throw new Error(`the database answered ${response.status} to ${path}: ${await response.text()}`);
    return response;
  }

  /** Runs statements that return nothing. */
  async script(sql: string): Promise<void> {
    await this.#ask("/script", sql);
  }

  async counts(): Promise<DatabaseCounts> {
    return (await (await this.#ask("/counts")).json()) as DatabaseCounts;
  }

  /** The statements since the last look, at most fifty. */
  async recent(): Promise<CountedStatement[]> {
    return (await (await this.#ask("/recent")).json()) as CountedStatement[];
  }

  /** How SQLite goes about a statement. */
  async plan({ sql, params }: CountedStatement): Promise<string[]> {
    return (await (await this.#ask("/plan", JSON.stringify({ sql, params }))).json()) as string[];
  }
}

export interface App extends Subject {
  /** The databases' process alone. */
  databasePids(): number[];
  readonly directory: AppDatabase;
  readonly space: AppDatabase;
}

async function migrateDatabase(database: AppDatabase, name: DatabaseName): Promise<void> {
  const folder = join(root, "migrations", name);
  for (const file of readdirSync(folder).sort()) await database.script(readFileSync(join(folder, file), "utf8"));
}

/** The databases: a process of their own, as PostgreSQL is. */
async function startDatabases(folder: string): Promise<Workerd> {
  const { path } = await bundle("bench/workers/database.ts", folder);
  const worker = { module: path, objects: { DATABASE: "Database" } };
  return startWorkerd({ workers: { directory: worker, space: worker }, listens: ["directory", "space"] }, folder);
}

/** The application's worker: every binding of wrangler.toml. */
async function mainWorker(issuer: Issuer, folder: string): Promise<WorkerConfig> {
  const { path } = await bundle("src/index.ts", folder);
  return {
    module: path,
    objects: { EQUIPMENT: "EquipmentObject", FLOOR: "FloorObject", ATTEMPTS: "AttemptsObject" },
    bindings: [
      ...Object.entries(appVariables(issuer)).map(
        ([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`,
      ),
      ...Object.entries(databases).map(([name, service]) =>
        wrapped(name, "cloudflare-internal:d1-api", `(name = "fetcher", service = "${service}")`),
      ),
      ...limiters.map((name) => wrapped(name, "bench:limiter")),
      ...["EVENTS", "WORK", "WEBHOOKS"].map((name) => wrapped(name, "bench:queue")),
      wrapped("FILES", "bench:bucket"),
      `(name = "ASSETS", service = "space")`,
    ],
  };
}

/** Starts the application with its state below `folder`, migrated and empty. */
export async function startApp(issuer: Issuer, folder: string): Promise<App> {
  const data = await startDatabases(folder);
  try {
    const { directory: directoryPort = 0, space: spacePort = 0 } = data.ports;
    const [directory, space] = [new AppDatabase(directoryPort), new AppDatabase(spacePort)];
    await migrateDatabase(directory, "directory");
    await migrateDatabase(space, "space");
    const main = await mainWorker(issuer, folder);
    const app = await startWorkerd({ workers: { main }, listens: ["main"], externals: data.ports, extensions }, folder);
    return {
      port: app.port,
      directory,
      space,
      pids: () => [...app.pids(), ...data.pids()],
      databasePids: () => data.pids(),
      stop: async () => {
        await app.stop();
        await data.stop();
      },
    };
  } catch (error) {
    await data.stop();
    throw error;
  }
}
