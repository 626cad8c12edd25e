/** A PostgreSQL server of our own: fresh data folder, free port, its distribution's settings. */
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../scripts/lib/run.ts";
import { freePort } from "../../scripts/lib/server.ts";
import { LeashedChild } from "./child.ts";

/** The folder with `initdb` and `postgres`: on PATH, or where Debian's package puts them. Null when there is none. */
export function postgresFolder(): string | null {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, "bin")), ...(process.env.PATH ?? "").split(":")];
  return folders.find((folder) => ["initdb", "postgres"].every((name) => existsSync(join(folder, name)))) ?? null;
}

/** PostgreSQL refuses to run as root: then the user that Debian made for it, or "nobody", takes over. */
async function asUser(): Promise<{ prefix: string[]; uid: number; gid: number }> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (uid !== 0) return { prefix: [], uid, gid };
  const ids = async (name: string) =>
    Promise.all(["-u", "-g"].map(async (flag) => Number(await must("id", [flag, name]))));
  const [user = 65_534, group = 65_534] = await ids("postgres").catch(() => ids("nobody"));
  return { prefix: ["setpriv", `--reuid=${user}`, `--regid=${group}`, "--clear-groups"], uid: user, gid: group };
}

export interface Postgres {
  readonly url: string;
  pids(): number[];
  stop(): Promise<void>;
}

/** Starts a server below `parent`; null where PostgreSQL is not installed. */
export async function startPostgres(parent: string): Promise<Postgres | null> {
  const bin = postgresFolder();
  if (bin === null) return null;
  const { prefix, uid, gid } = await asUser();
  const folder = mkdtempSync(join(parent, "postgres-"));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  for (const path of [folder, data]) chownSync(path, uid, gid);
  const [initdb = "", ...args] = [
    ...prefix,
    join(bin, "initdb"),
    "-D",
    data,
    "-U",
    "bench",
    "-A",
    "trust",
    "--no-locale",
    "-E",
    "UTF8",
  ];
  await must(initdb, args);
  const port = await freePort();
  const [command = "", ...serverArgs] = [
    ...prefix,
    join(bin, "postgres"),
    ...["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder],
  ];
  const child = new LeashedChild(command, serverArgs);
  const url = `postgres://bench@127.0.0.1:${port}/postgres`;
  await child.until("PostgreSQL", () => accepts(url));
  return { url, pids: () => child.pids(), stop: () => child.stop() };
}

async function accepts(url: string): Promise<boolean> {
  const { Pool } = await import("pg");
  const pool = new Pool({ connectionString: url, max: 1 });
  try {
    await pool.query("SELECT 1");
    return true;
  } catch {
    return false;
  } finally {
    await pool.end();
  }
}
