/** What is deployed: its size, and how long it takes to load. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { median } from "../load/statistics.ts";
import { appVariables } from "../servers/app.ts";
import { bundle } from "../servers/bundle.ts";
import type { Issuer } from "../servers/issuer.ts";
import { startWorkerd } from "../servers/workerd.ts";

export interface SizeResult {
  bytes: number;
  gzip_bytes: number;
  /** Milliseconds to compile the script and run its top level, in a fresh runtime: median. */
  load_ms: number;
  loads: number;
}

/** Bindings that the application asks for at load; nothing is done with them. */
const bindingNames = [
  "DIRECTORY",
  "DB_000",
  "EQUIPMENT",
  "FLOOR",
  "ATTEMPTS",
  "EVENTS",
  "WORK",
  "WEBHOOKS",
  "FILES",
  "ASSETS",
];
const limiterNames = ["LIMIT_USER", "LIMIT_IP", "LIMIT_USER_LOAD", "LIMIT_IP_LOAD"];

/** Bundles as `wrangler deploy --minify` does, and loads the result `times` times. */
export async function measureSize(issuer: Issuer, parent: string, times: number): Promise<SizeResult> {
  const folder = mkdtempSync(join(parent, "size-"));
  const [application, loader] = await Promise.all([
    bundle("src/index.ts", folder, true),
    bundle("bench/workers/startup.ts", folder),
  ]);
  const texts = {
    ...appVariables(issuer),
    ...Object.fromEntries([...bindingNames, ...limiterNames].map((name) => [name, ""])),
  };
  const bindings = Object.entries(texts).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`);
  const main = { module: loader.path, modules: { "app.js": application.path }, bindings };
  const loads: number[] = [];
  for (let turn = 0; turn < times; turn++) {
    const subject = await startWorkerd({ workers: { main }, listens: ["main"] }, folder);
    try {
      const response = await fetch(`http://127.0.0.1:${subject.port}/load`);
      if (!response.ok) throw new Error(`the application does not load: ${await response.text()}`);
      loads.push(Number(await response.json()));
    } finally {
      await subject.stop();
    }
  }
  return { bytes: application.bytes, gzip_bytes: application.gzip_bytes, load_ms: median(loads), loads: times };
}
