/**
 * `npm start`: builds, migrates, serves, seeds and ticks the cron triggers, until Ctrl-C or SIGTERM.
 *
 * PORT (8787), PERSIST_TO (.wrangler/state), SEED=off, RATE_LIMITS=load (for load tests), OIDC_ISSUERS (people of a real issuer beside
 * those of the development issuer: its subject_prefix must not be empty).
 */
import { join } from "node:path";
import { banner } from "./lib/banner.ts";
import { root } from "./lib/env.ts";
import { ownerGone } from "./lib/owner.ts";
import { buildAssets } from "./lib/prepare.ts";
import { seedDemo } from "./lib/seed.ts";
import { type RunningServer, startServer } from "./lib/server.ts";
import { startTicking } from "./lib/ticker.ts";

const { PORT = "8787", PERSIST_TO = ".wrangler/state", SEED = "on", RATE_LIMITS, OIDC_ISSUERS } = process.env;

const portOf = (text: string): number => {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`PORT is "${text}"; it takes 1 to 65535`);
  return port;
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const begin = performance.now();
/** What the server prints is shown from the banner on, until it has to stop. */
let quiet = true;
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort(signal));
stopping.signal.addEventListener("abort", () => {
  quiet = true;
});
ownerGone(() => stopping.abort("its npm ended"));

const startUp = async (): Promise<RunningServer> => {
  const port = portOf(PORT);
  if (await buildAssets()) console.log("Built the pages.");
  stopping.signal.throwIfAborted();
  return startServer({
    port,
    persistTo: PERSIST_TO,
    vars: { ...(RATE_LIMITS && { RATE_LIMITS }), ...(OIDC_ISSUERS && { OIDC_ISSUERS }) },
    signal: stopping.signal,
    onOutput: (text) => quiet || process.stdout.write(text),
  });
};

/** Resolves to whether there is a demo. One that cannot be added is told and does not keep the system from serving. */
const prepare = async (url: string): Promise<boolean> => {
  if (SEED === "off") return false;
  try {
    await seedDemo(url);
    return true;
  } catch (error) {
    if (!stopping.signal.aborted) console.error(`The demo was not added: ${messageOf(error)}`);
    return false;
  }
};

const serve = async (server: RunningServer): Promise<number> => {
  const stopped = new Promise<"stop">((resolve) => {
    if (stopping.signal.aborted) resolve("stop");
    stopping.signal.addEventListener("abort", () => resolve("stop"));
  });
  const ended = server.exited().then(() => "ended" as const);
  const first = await Promise.race([prepare(server.url), stopped, ended]);
  if (typeof first === "boolean") console.log(banner(server.url, PERSIST_TO, first, performance.now() - begin));
  quiet = false;
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
    console.error(`MakrCave did not start: ${messageOf(error)}`);
    process.exitCode = 1;
  }
} finally {
  await server?.stop();
}
if (stopping.signal.aborted) console.log(`Stopped (${stopping.signal.reason}).`);
process.exit();
