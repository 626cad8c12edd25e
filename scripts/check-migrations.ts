/** A step of `npm run verify`: names, numbers and rules of the migrations of every database, and that what landed stays as it was. */
import { checkLock } from "./lib/migration-lock.ts";
import { checkMigrations } from "./lib/migration-rules.ts";
import { landedFiles, readLock, readMigrations } from "./lib/migrations.ts";

const databases = readMigrations();
const findings = [
  ...[...databases].flatMap(([database, files]) =>
    checkMigrations(files).map((finding) => `migrations/${database}/${finding}`),
  ),
  ...checkLock(readLock(), landedFiles()).map((finding) => `migrations/${finding}`),
];
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exit(1);
console.log(`the migrations of ${[...databases.keys()].join(" and ")} keep the rules`);
