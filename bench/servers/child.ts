/** A server that ends with us, however we end. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { root, toolEnv } from "../../scripts/lib/env.ts";
import { descendantsOf } from "../../scripts/lib/processes.ts";

/** Something that is measured: where it listens, and whose time counts. */
export interface Subject {
  readonly port: number;
  pids(): number[];
  stop(): Promise<void>;
}

export class LeashedChild {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #errors = "";

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    // The keeper ends the command when our end of its standard input closes, so nothing outlives us.
    const keeper = join(root, "scripts/lib/keeper.ts");
    this.#child = spawn(process.execPath, [keeper, "5000", command, ...args], {
      cwd: root,
      detached: true,
      stdio: ["pipe", "ignore", "pipe"],
      env: toolEnv(env),
    });
    this.#ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin?.on("error", () => undefined);
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-8_000);
    });
  }

  /** The command's processes, without the keeper. */
  pids(): number[] {
    return descendantsOf(this.#child.pid ?? 0).map((each) => each.pid);
  }

  /** Waits until `isReady` holds; ends the child and throws what it printed when that does not come. */
  async until(what: string, isReady: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await isReady())) {
      if (this.#child.exitCode !== null || performance.now() > deadline) {
        await this.stop();
        throw new Error(`${what} did not start:\n${this.#errors}`);
      }
      await new Promise((wait) => setTimeout(wait, 20));
    }
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }
}

/** True when something speaks HTTP on this port. */
export async function answersHttp(port: number): Promise<boolean> {
  try {
    await (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2_000) })).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
