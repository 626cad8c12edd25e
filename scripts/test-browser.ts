/** `npm run test:browser`: builds the pages and runs test/browser in Chromium. CHROMIUM names another binary than /usr/bin/chromium. */
import { existsSync } from "node:fs";
import { buildAssets } from "./lib/prepare.ts";
import { run } from "./lib/run.ts";

const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(chromium)) throw new Error(`${chromium} is missing: install Chromium, or set CHROMIUM to where it is`);

await buildAssets();
const files = process.argv.length > 2 ? process.argv.slice(2) : ["test/browser/*.test.ts"];
// One file after the other: each starts a system of its own.
const { code } = await run(process.execPath, ["--test", "--test-concurrency=1", ...files], { show: true });
process.exitCode = code;
