/** `npm run test:long`: the black-box tests with many more rounds (LONG=1). `-- <paths>` runs these alone. */
import { buildAssets } from "./lib/prepare.ts";
import { run } from "./lib/run.ts";

const paths = process.argv.slice(2);
await buildAssets();
const { code } = await run(
  "node",
  ["--test", "--test-concurrency=1", ...(paths.length > 0 ? paths : ["test/node/**/*.test.ts"])],
  { show: true, env: { LONG: "1" } },
);
process.exit(code);
