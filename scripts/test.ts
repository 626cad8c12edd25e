/**
 * `npm test`: the tests in the runtime (vitest), then the black-box tests against the running system (node:test).
 * `npm test -- <paths>` runs these alone, each by the runner it belongs to.
 */
import { buildAssets } from "./lib/prepare.ts";
import { run } from "./lib/run.ts";

const paths = process.argv.slice(2);
const blackBox = paths.filter((path) => path.startsWith("test/node/"));
const inRuntime = paths.filter((path) => !path.startsWith("test/node/"));
const everything = paths.length === 0;

await buildAssets();
const codes: number[] = [];
const show = async (command: string, args: readonly string[]): Promise<void> => {
  codes.push((await run(command, args, { show: true })).code);
};
if (everything || inRuntime.length > 0) await show("vitest", ["run", ...inRuntime]);
if (everything || blackBox.length > 0) {
  // One file at a time: each starts a system of its own, and figures want a quiet machine.
  await show("node", ["--test", "--test-concurrency=1", ...(everything ? ["test/node/**/*.test.ts"] : blackBox)]);
}
process.exit(codes.every((code) => code === 0) ? 0 : 1);
