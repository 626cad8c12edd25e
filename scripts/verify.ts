/** `npm run verify`: everything that can be judged without using the system. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/env.ts";
import { runSteps, type Step } from "./lib/steps.ts";

const script = (name: string, ...args: string[]): [string, ...string[]] => ["node", "scripts/run.mjs", name, ...args];

// The long ones first, so that none is left alone at the end.
const steps: Step[] = [
  { name: "runtime types", command: script("types") },
  {
    name: "types of the worker and its tests",
    command: ["tsc", "--pretty", "false", "-p", "tsconfig.json"],
    after: ["runtime types"],
  },
  { name: "generated documents", command: script("docs", "--check") },
  { name: "migrations and tables", command: ["vitest", "run", "test/contract/migrations.test.ts"] },
  { name: "types of the tools", command: ["tsc", "--pretty", "false", "-p", "tsconfig.node.json"] },
  { name: "types of the pages", command: ["tsc", "--pretty", "false", "-p", "web"] },
  { name: "dead code and dependencies", command: ["knip"], after: ["runtime types"] },
  { name: "OpenAPI document", command: ["npm", "run", "--silent", "lint:api"], after: ["generated documents"] },
  { name: "format and lint", command: ["biome", "ci", "--colors=off", "."] },
  { name: "rules: imports", command: script("check-dependencies") },
  { name: "rules: sources", command: script("check-source") },
  { name: "rules: migrations", command: script("check-migrations") },
  { name: "rules fire", command: ["node", "--test", "test/node/house/*.test.ts"] },
  { name: "lock file", command: script("check-lock") },
];

mkdirSync(join(root, "dist/assets"), { recursive: true });
const begin = performance.now();
const failed = await runSteps(steps, 2);
console.log(
  `${failed.length === 0 ? "verified" : `failed: ${failed.join(", ")}`} in ${((performance.now() - begin) / 1000).toFixed(1)} s`,
);
process.exit(failed.length === 0 ? 0 : 1);
