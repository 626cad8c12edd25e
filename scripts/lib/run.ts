/** Runs a tool to its end. */
import { spawn } from "node:child_process";
import { root, toolEnv, wranglerEnv } from "./env.ts";

export interface Outcome {
  code: number;
  /** What it printed, both streams in the order of arrival; empty with `show`. */
  output: string;
}

export interface RunOptions {
  /** True: print to our terminal instead of collecting. */
  show?: boolean;
  env?: Readonly<Record<string, string>>;
}

/** Runs a command in the root of the repository; the repository's own tools and Node come first on PATH. */
export const run = (command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const stdio = options.show ? ("inherit" as const) : ("pipe" as const);
    const env = (command === "wrangler" ? wranglerEnv : toolEnv)(options.env);
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", stdio, stdio] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });

/** Like `run`, but throws with the output when the command fails. */
export const must = async (command: string, args: readonly string[], options: RunOptions = {}): Promise<string> => {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed (exit ${code})\n${output}`);
  return output;
};

/** Runs a script of this repository: `script("build")`. */
export const script = (name: string, args: readonly string[] = [], options: RunOptions = {}): Promise<string> =>
  must(process.execPath, ["scripts/run.mjs", name, ...args], options);
