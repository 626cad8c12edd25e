/** Runs named commands, several at a time, in the order of their needs. */
import { run } from "./run.ts";

export interface Step {
  name: string;
  command: readonly [string, ...string[]];
  /** Names of steps that must have succeeded. */
  after?: readonly string[];
}

type Result = "passed" | "failed" | "skipped";

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s`;

const runStep = async ({ name, command: [tool, ...args] }: Step): Promise<Result> => {
  const since = performance.now();
  const { code, output } = await run(tool, args, { env: { NO_COLOR: "1", FORCE_COLOR: "0" } });
  console.log(`${code === 0 ? "✓" : "✗"} ${name.padEnd(44)}${seconds(since)}`);
  if (code !== 0) console.log(`${output.trim().replaceAll(/^/gm, "    ")}\n`);
  return code === 0 ? "passed" : "failed";
};

/**
 * Runs every step, at most `width` at a time, and prints a line for each; the output of a step only when it fails.
 * A step whose need failed is skipped.
 *
 * @returns the names of the steps that did not pass
 */
export const runSteps = async (steps: readonly Step[], width: number): Promise<string[]> => {
  const results = new Map<string, Promise<Result>>();
  let free = width;
  const waiting: (() => void)[] = [];
  const enter = async (): Promise<void> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  const perform = async (step: Step): Promise<Result> => {
    const needs = await Promise.all((step.after ?? []).map((name) => results.get(name)));
    if (needs.some((each) => each !== "passed")) {
      console.log(`- ${step.name} (skipped: needs ${step.after?.join(", ")})`);
      return "skipped";
    }
    await enter();
    try {
      return await runStep(step);
    } finally {
      leave();
    }
  };
  for (const step of steps) results.set(step.name, perform(step));
  const ended = await Promise.all([...results].map(async ([name, result]) => ({ name, result: await result })));
  return ended.filter(({ result }) => result !== "passed").map(({ name }) => name);
};
