/** The running system for one test: its own state in a temporary folder, ended and removed with the test. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { root } from "../../../scripts/lib/env.ts";
import { freePort, type RunningServer, startServer } from "../../../scripts/lib/server.ts";

/** A folder that is removed after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "makrcave-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return folder;
}

/** Starts the system with high rate limits unless `vars` says otherwise; it is stopped after the test. */
export async function startSystem(t: TestContext, vars: Record<string, string> = {}): Promise<RunningServer> {
  // Registered before the server's own hook, and hooks run in that order: stop first, then remove.
  let server: RunningServer | null = null;
  t.after(async () => {
    await server?.stop();
    const said = complaints(server?.output() ?? "");
    if (said !== "") console.log(said);
  });
  const persistTo = temporaryFolder(t);
  server = await startServer({ port: await steadyPort(), persistTo, vars: { RATE_LIMITS: "load", ...vars } });
  return server;
}

/** A port that no outgoing connection is given while the server is down between two runs. */
async function steadyPort(): Promise<number> {
  for (let tries = 0; ; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      return await freePort(port);
    } catch (error) {
      if (tries >= 20) throw error;
    }
  }
}

/** What the system complained about lately; its answers say only a request id. */
const complaints = (output: string): string =>
  output
    .split("\n")
    .filter((line) => /"level":"error"|ERROR|exception/.test(line) && !line.includes("inside ProxyWorker"))
    .slice(-20)
    .join("\n");

/** True when slow, thorough runs are wanted. */
export const isLong: boolean = process.env.LONG === "1";

/** Prints figures as one line of JSON, where a reader of the test's output finds them; a long run also keeps them in docs/figures. */
export function report(name: string, figures: Record<string, unknown>): void {
  console.log(JSON.stringify({ name, ...figures }));
  if (!isLong) return;
  const folder = join(root, "docs/figures");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(figures, null, 2)}\n`);
}

/**
 * Waits until `isTrue` holds, after doing `first`; rejects with what was waited for when it does not within `timeoutMs`.
 * Answers the milliseconds it took, `first` included.
 */
export async function eventually(
  what: string,
  isTrue: () => Promise<boolean> | boolean,
  timeoutMs: number,
  first: () => Promise<void> = async () => {},
): Promise<number> {
  const started = performance.now();
  const doing = first();
  while (!(await isTrue())) {
    if (performance.now() - started > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await pause(10);
  }
  const took = performance.now() - started;
  await doing;
  return took;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
