/** `npm run typecheck`: the worker, the tools and the pages. */
import { runSteps } from "./lib/steps.ts";

const failed = await runSteps(
  [
    { name: "runtime types", command: ["node", "scripts/run.mjs", "types"] },
    { name: "worker", command: ["tsc", "-p", "tsconfig.json"], after: ["runtime types"] },
    { name: "tools", command: ["tsc", "-p", "tsconfig.node.json"] },
    { name: "pages", command: ["tsc", "-p", "web"] },
  ],
  2,
);
process.exit(failed.length === 0 ? 0 : 1);
