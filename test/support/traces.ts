/** Where a word stands: in any row of both databases, in any file, in the storage of any object that is named. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

const tablesOf = async (database: D1Database): Promise<string[]> => {
  // The full-text index is no text: what is left in it is looked for apart.
  const { results } = await database
    .prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'
         AND name NOT LIKE 'member_search%'`,
    )
    .all<{ name: string }>();
  return results.map(({ name }) => name);
};

const wordsIn = (where: string, text: string, words: readonly string[]): string[] =>
  words.filter((word) => text.includes(word)).map((word) => `${where}: ${word}`);

async function inDatabase(database: D1Database, words: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const table of await tablesOf(database)) {
    const { results } = await database.prepare(`SELECT * FROM "${table}"`).all();
    found.push(...wordsIn(table, JSON.stringify(results), words));
  }
  return found;
}

async function inFiles(prefix: string, words: readonly string[]): Promise<string[]> {
  const { objects } = await env.FILES.list({ prefix });
  const texts = await Promise.all(objects.map(async ({ key }) => `${key} ${await (await env.FILES.get(key))?.text()}`));
  return texts.flatMap((text) => wordsIn("files", text, words));
}

async function inObjects(stubs: readonly DurableObjectStub[], words: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const stub of stubs) {
    await runInDurableObject(stub, (_, state) => {
      const { sql } = state.storage;
      const tables = sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
        )
        .toArray();
      for (const { name } of tables) {
        const rows = JSON.stringify(sql.exec(`SELECT * FROM "${name}"`).toArray());
        found.push(...wordsIn(`object ${name}`, rows, words));
      }
    });
  }
  return found;
}

/** "table: word" for each place where one of the words stands. */
export async function tracesOf(
  words: readonly string[],
  { makerspace_id, machines }: { makerspace_id: string; machines: readonly { id: string }[] },
): Promise<string[]> {
  const stubs = [
    ...machines.map(({ id }) => env.EQUIPMENT.getByName(`${makerspace_id}:${id}`)),
    env.FLOOR.getByName(`${makerspace_id}:floor`),
  ];
  return [
    ...(await inDatabase(env.DIRECTORY, words)),
    ...(await inDatabase(env.DB_000, words)),
    ...(await inFiles(`${makerspace_id}/`, words)),
    ...(await inObjects(stubs, words)),
  ];
}
