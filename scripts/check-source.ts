/** A step of `npm run verify`: the rules about what a file says, over every file that git knows or would add. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/env.ts";
import { must } from "./lib/run.ts";
import { checkSource } from "./lib/source-rules.ts";

const text = /\.(ts|tsx|mjs|js|json|jsonc|sql|toml|md|css|html|svg|yaml|yml|sh|txt)$|(^|\/)[^.]+$|^\.[a-z]+/;
const listed = (await must("git", ["ls-files", "--cached", "--others", "--exclude-standard"])).split("\n");
const files = listed.filter((path) => text.test(path) && existsSync(join(root, path)));
if (files.length < 20) throw new Error(`git lists ${files.length} files only`);

const findings = files.flatMap((path) => checkSource(path, readFileSync(join(root, path), "utf8")));
for (const { path, line, rule, because } of findings) console.error(`${path}:${line}  ${rule}: ${because}`);
if (findings.length > 0) process.exit(1);
console.log(`${files.length} files keep the rules`);
