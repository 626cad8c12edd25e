/** On what the figures were taken. */
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { packageFile } from "../../scripts/lib/env.ts";
import { run } from "../../scripts/lib/run.ts";
import { postgresFolder } from "../servers/postgres.ts";
import type { Machine } from "./results.ts";

export async function describeMachine(): Promise<Machine> {
  const { version } = JSON.parse(readFileSync(packageFile("workerd/package.json"), "utf8")) as { version: string };
  const folder = postgresFolder();
  const postgres = folder && (await run(join(folder, "postgres"), ["--version"])).output.trim();
  return {
    cores: cpus().length,
    model: cpus()[0]?.model.trim() ?? "unknown",
    memory_gb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    workerd: version,
    postgres,
    load_before: loadavg()[0] ?? 0,
  };
}
