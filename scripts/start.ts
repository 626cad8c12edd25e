/**
 * `npm start`: builds, migrates, serves, seeds and ticks the cron triggers, until Ctrl-C or SIGTERM.
 *
 * PORT (8787), PERSIST_TO (.wrangler/state), SEED=off, RATE_LIMITS=load (for load tests).
 */
import { join } from "node:path";
import { banner } from "./lib/banner.ts";
import { root } from "./lib/env.ts";
import { ownerGone } from "./lib/owner.ts";
import { buildAssets } from "./lib/prepare.ts";
import { seedDemo } from "./lib/seed.ts";
import { type RunningServer, startServer } from "./lib/server.ts";
import { startTicking } from "./lib/ticker.ts";

const { PORT = "8787", PERSIST_TO = ".wrangler/state", SEED = "on", RATE_LIMITS } = process.env;

const portOf = (text: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`PORT is "${text}"; it takes 1 to 65535`);
  return port;
};

const begin = performance.now();
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort(signal));
ownerGone(() => stopping.abort("its npm ended"));

const startUp = async (): Promise<RunningServer> => {
  const port = portOf(PORT);
  if (await buildAssets()) console.log("Built the pages.");
  stopping.signal.throwIfAborted();
  let quiet = true;
  const server = await startServer({
    port,
    persistTo: PERSIST_TO,
    vars: RATE_LIMITS ? { RATE_LIMITS } : {},
    signal: stopping.signal,
    onOutput: (text) => quiet || process.stdout.write(text),
  });
  quiet = false;
  return server;
};

const serve = async (server: RunningServer): Promise<number> => {
  const stopped = new Promise<"stop">((resolve) => {
    if (stopping.signal.aborted) resolve("stop");
    stopping.signal.addEventListener("abort", () => resolve("stop"));
  });
  const ended = server.exited().then(() => "ended" as const);
  const prepared = (SEED === "off" ? Promise.resolve(false) : seedDemo(server.url)).then(() => "ready" as const);
  prepared.catch(() => undefined); // Whoever stops us meanwhile wins the race; the seed then fails for good reason.
  const first = await Promise.race([prepared, stopped, ended]);
  if (first === "ready") console.log(banner(server.url, PERSIST_TO, SEED !== "off", performance.now() - begin));
  const { unstable_readConfig } = await import("wrangler");
  const { crons = [] } = unstable_readConfig({ config: join(root, "wrangler.toml") }).triggers;
  const stopTicking = startTicking(server.url, crons, (line) => console.error(line));
  const last = await Promise.race([stopped, ended]);
  stopTicking();
  if (last === "stop") return 0;
  console.error(`The server ended by itself (exit ${await server.exited()}).`);
  return 1;
};

let server: RunningServer | undefined;
try {
  server = await startUp();
  process.exitCode = await serve(server);
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(`MakrCave did not start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
} finally {
  await server?.stop();
}
if (stopping.signal.aborted) console.log(`Stopped (${stopping.signal.reason}).`);
process.exit();
