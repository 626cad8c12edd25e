/** A step of `npm run verify`: who imports whom. */
import { checkDependencies } from "./lib/dependencies.ts";
import { root } from "./lib/env.ts";

const { violations, files } = await checkDependencies(root);
for (const { rule, from, to } of violations) console.error(`${rule}: ${from} → ${to}`);
if (violations.length > 0) process.exit(1);
console.log(`${files} files keep the rules`);
