/**
 * The system as a process: `wrangler dev` on loopback with its own state. Shared by `npm start`, the black-box tests,
 * the browser tests and the bench.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { packageFile, root, wranglerEnv } from "./env.ts";
import { migrate } from "./migrate.ts";
import { commandLine, descendantsOf, groupGone, groupMembers, signal } from "./processes.ts";

const HOST = "127.0.0.1";
const KEPT_OUTPUT = 64_000;

export interface ServerOptions {
  /** 0 or left out: a free one is taken. */
  port?: number;
  /** Where the state lives; kept between runs. */
  persistTo: string;
  /** Variables of the worker on top of `ENVIRONMENT=development`, `DEV_ISSUER=on`, a key that seals nothing real and mail that stays here. */
  vars?: Readonly<Record<string, string>>;
  /** Environment variables of the process itself. */
  env?: Readonly<Record<string, string>>;
  /** Another wrangler configuration than the repository's. */
  config?: string;
  /** Another entry module than the configuration's `main`. */
  entry?: string;
  /** False: leave the databases as they are. */
  migrate?: boolean;
  /** What to wait for; the worker is ready when this path answers 200. */
  readyPath?: string;
  /** How long to wait for it, in milliseconds. */
  timeoutMs?: number;
  /** Gives up while starting: nothing is left running. */
  signal?: AbortSignal;
  /** How much wrangler says; "warn" leaves out the line for each request and what the worker logs. */
  logLevel?: "debug" | "info" | "log" | "warn" | "error" | "none";
  /** Receives everything the process prints. */
  onOutput?: (text: string) => void;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /** The folder of its state, in full. */
  readonly persistTo: string;
  /** Head of the process group of the current run. */
  readonly pid: number;
  /** Every process of the current run. */
  pids(): number[];
  /**
   * The runtime that holds the state: what a crash test kills; wrangler starts it again within a second. The other
   * workerd, wrangler's proxy on the public port, is left out: wrangler restarts it too, but then it never answers.
   */
  workerdPids(): number[];
  /** The end of what the current run printed. */
  output(): string;
  /** Resolves when the current run has ended, by whatever cause, with its exit code (null: by a signal). */
  exited(): Promise<number | null>;
  /** Waits until the worker answers again. */
  ready(timeoutMs?: number): Promise<void>;
  /** Ends every process orderly. Safe to repeat. */
  stop(): Promise<void>;
  /** SIGKILL for the whole group: a crash. Safe to repeat. */
  kill(): Promise<void>;
  /** Stops what still runs and starts again on the same port and state. */
  restart(): Promise<void>;
}

/** A port of the loopback address that nobody listens on now; rejects with EADDRINUSE when `port` is taken. */
export const freePort = (port = 0): Promise<number> =>
  new Promise((resolvePort, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(port, HOST, () => {
      const address = probe.address();
      probe.close(() => resolvePort(typeof address === "object" && address ? address.port : port));
    });
  });

/** A killed process counts as gone a moment before its threads let go of their sockets: `patienceMs` waits for that. */
const claimPort = async (port: number, patienceMs = 0): Promise<number> => {
  const deadline = performance.now() + patienceMs;
  try {
    return await freePort(port);
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (taken && performance.now() < deadline) {
      await new Promise((wait) => setTimeout(wait, 50));
      return claimPort(port, deadline - performance.now());
    }
    throw new Error(
      taken ? `port ${port} is in use; set PORT to another` : `cannot listen on ${HOST}:${port}: ${String(error)}`,
    );
  }
};

/** Seals what local states hold. Production refuses it by its id. */
const developmentKey = "development:ZXZlcnlib2R5IGhhcyB0aGlzIGtleTogMzIgYnl0ZXM=";

const argumentsFor = (options: ServerOptions, port: number): string[] => {
  const vars = {
    ENVIRONMENT: "development",
    DEV_ISSUER: "on",
    SETTINGS_KEYS: developmentKey,
    APP_URL: `http://${HOST}:${port}`,
    WEBHOOK_RESOLVER: "",
    MAIL: "outbox",
    MAIL_FROM: "MakrCave <mail@makrcave.test>",
    ...options.vars,
  };
  return [
    packageFile("wrangler/bin/wrangler.js"),
    "dev",
    ...(options.entry ? [resolve(root, options.entry)] : []),
    ...["--config", options.config ?? join(root, "wrangler.toml")],
    ...["--ip", HOST, "--port", String(port), "--inspector-port", "0"],
    ...["--persist-to", resolve(root, options.persistTo)],
    "--show-interactive-dev-session=false",
    ...(options.logLevel ? ["--log-level", options.logLevel] : []),
    ...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
  ];
};

/** Its own registry, so that two servers on one machine never see each other, comes with the state. */
const environment = {
  NO_COLOR: "1",
  // Both keep what passes through in memory: hundreds of megabytes in a minute of load.
  X_LOCAL_OBSERVABILITY: "false",
  X_LOCAL_EXPLORER: "false",
};

/** One life of the process: from spawn to exit. */
class Run {
  readonly pid: number;
  readonly exited: Promise<number | null>;
  ended = false;
  #output = "";
  /** Has it answered once? */
  hasServed = false;
  readonly #child: ChildProcess;

  constructor(options: ServerOptions, port: number) {
    const persistTo = resolve(root, options.persistTo);
    const keeper = join(root, "scripts/lib/keeper.ts");
    this.#child = spawn(process.execPath, [keeper, "5000", process.execPath, ...argumentsFor(options, port)], {
      cwd: root,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: wranglerEnv({ ...environment, WRANGLER_REGISTRY_PATH: join(persistTo, "registry"), ...options.env }),
    });
    this.pid = this.#child.pid ?? 0;
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#hear(text);
        options.onOutput?.(text);
      });
    }
    this.#child.stdin?.on("error", () => undefined); // The leash may break: it is gone then, which is what we want.
    this.exited = new Promise((done) => {
      const end = (code: number | null): void => {
        this.ended = true;
        done(code);
      };
      this.#child.once("error", () => end(null)).once("exit", end);
    });
  }

  output(): string {
    return this.#output;
  }

  #hear(text: string): void {
    this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
    // wrangler would stay and wait for an edit; who starts the system wants to know at once.
    if (!this.hasServed && /Build failed with \d+ error/.test(this.#output)) this.#child.stdin?.end();
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.exited;
    if (!(await groupGone(this.pid, 6_000))) await this.kill();
  }

  async kill(): Promise<void> {
    signal(-this.pid, "SIGKILL");
    if (!(await groupGone(this.pid, 5_000))) throw new Error(`processes of group ${this.pid} do not end`);
    await this.exited;
  }
}

/** What a path answers: "ready" for a 200, otherwise what it said instead. */
const ask = async (url: string): Promise<string> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    const body = await response.text();
    return response.status === 200 ? "ready" : `${response.status} ${body.slice(0, 500)}`;
  } catch {
    return "nothing";
  }
};

/** What to tell when a run ended early: the worker's own words where it refused to load, else all it printed. */
const causeOf = (output: string): string => {
  // The runtime logs JSON; its message goes on with a stack.
  const refusal = /"service core:user:[^:]+: Uncaught ((?:\\.|[^"\\])+)"/.exec(output)?.[1];
  if (refusal === undefined) return `the server did not start:\n${output.trim()}`;
  const text: unknown = JSON.parse(`"${refusal}"`);
  return `the worker refuses to load: ${String(text).split("\n  at ")[0]}`;
};

const untilReady = async (run: Run, url: string, timeoutMs: number, signal?: AbortSignal): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  for (let answer = await ask(url); answer !== "ready"; answer = await ask(url)) {
    signal?.throwIfAborted();
    if (run.ended) throw new Error(causeOf(run.output()));
    if (performance.now() > deadline) {
      const printed = run.output().trim().slice(-4_000);
      throw new Error(`${url} is not ready after ${timeoutMs} ms; it answers ${answer}\n${printed}`);
    }
    await new Promise((wait) => setTimeout(wait, 50));
  }
};

/**
 * Starts the system and resolves when it is ready. If that fails, nothing is left running and the error carries what
 * the process printed. The processes also end when the caller dies, even by SIGKILL.
 */
export const startServer = async (options: ServerOptions): Promise<RunningServer> => {
  const persistTo = resolve(root, options.persistTo);
  const port = await claimPort(options.port ?? 0);
  const url = `http://${HOST}:${port}`;
  const patience = options.timeoutMs ?? 60_000;
  mkdirSync(persistTo, { recursive: true });
  // wrangler refuses to start without the folder, and a worker without its pages is still a worker.
  mkdirSync(join(root, "dist/assets"), { recursive: true });
  if (options.migrate !== false) await migrate(persistTo);

  const begin = async (): Promise<Run> => {
    const run = new Run(options, port);
    try {
      await untilReady(run, url + (options.readyPath ?? "/ready"), patience, options.signal);
      run.hasServed = true;
      return run;
    } catch (error) {
      await run.stop();
      throw error;
    }
  };
  let run = await begin();

  return {
    url,
    port,
    persistTo,
    get pid() {
      return run.pid;
    },
    pids: () => groupMembers(run.pid).map((each) => each.pid),
    workerdPids: () =>
      descendantsOf(run.pid)
        .filter((each) => each.name === "workerd" && !commandLine(each.pid).includes(`entry=${HOST}:${port}`))
        .map((each) => each.pid),
    output: () => run.output(),
    exited: () => run.exited,
    ready: (timeoutMs = patience) => untilReady(run, url + (options.readyPath ?? "/ready"), timeoutMs),
    stop: () => run.stop(),
    kill: () => run.kill(),
    restart: async () => {
      await run.stop();
      await claimPort(port, 3_000);
      run = await begin();
    },
  };
};
