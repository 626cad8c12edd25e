/** Set-up: every test file has databases of its own. All steps go in one trip per database, because every file pays for them. */

import { env } from "cloudflare:workers";

/** As wrangler keeps count of what was applied. */
const APPLIED = `CREATE TABLE d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

for (const [database, migrations] of [
  [env.DIRECTORY, env.MIGRATIONS.directory],
  [env.DB_000, env.MIGRATIONS.space],
] as const) {
  await database.batch([
    database.prepare(APPLIED),
    ...migrations.flatMap(({ name, queries }) => [
      ...queries.map((query) => database.prepare(query)),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]),
  ]);
}
