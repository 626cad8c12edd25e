/** A step of `npm run verify`: names, numbers and rules of the migrations of every database. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/env.ts";
import { checkMigrations } from "./lib/migration-rules.ts";

const folder = join(root, "migrations");
const databases = readdirSync(folder);
const findings = databases.flatMap((database) => {
  const files = readdirSync(join(folder, database)).sort();
  if (files.length === 0) throw new Error(`migrations/${database} is empty`);
  const migrations = files.map((name) => ({ name, sql: readFileSync(join(folder, database, name), "utf8") }));
  return checkMigrations(migrations).map((finding) => `migrations/${database}/${finding}`);
});
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exit(1);
console.log(`the migrations of ${databases.join(" and ")} keep the rules`);
