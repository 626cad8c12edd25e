/** The running system for one test: its own state in a temporary folder, ended and removed with the test. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type RunningServer, startServer } from "../../../scripts/lib/server.ts";

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
  server = await startServer({ persistTo, vars: { RATE_LIMITS: "load", ...vars } });
  return server;
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

/** Prints one line of figures, as JSON, where a reader of the test's output finds it. */
export function report(name: string, figures: Record<string, unknown>): void {
  console.log(JSON.stringify({ name, ...figures }));
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
