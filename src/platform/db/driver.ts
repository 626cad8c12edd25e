/** The only place that touches a D1 binding: which database, and the tripwire that keeps tenants apart. */

import { env } from "cloudflare:workers";
import { getTableName } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { config } from "../env.ts";
import { directoryTables } from "./tables.ts";

export type Database = ReturnType<typeof drizzle>;

/** Databases that hold makerspaces, by shard name. A new one needs a binding, a line here, and `assignShard` to choose it. */
const shards = { "000": () => env.DB_000 } as const;
export type Shard = keyof typeof shards;

/** The shard of a new makerspace. */
export const assignShard = (): Shard => "000";

const isShard = (name: string): name is Shard => name in shards;

/** Thrown by the tripwire: a bug of ours, never a caller's. */
export class TenantLeak extends Error {
  override name = "TenantLeak";
}

const directoryNames = Object.values(directoryTables).map((table) => getTableName(table));
const namesDirectoryTable = new RegExp(`\\b(from|into|update|join)\\s+"?(${directoryNames.join("|")})\\b`, "i");

/**
 * Wraps a database so that each statement must bind one of `makerspace_ids` (alone or inside a JSON parameter) before it runs.
 * On outside production; in production the handles themselves are the wall.
 */
function tripwire(database: D1Database, makerspace_ids: readonly string[]): D1Database {
  const check = (sql: string, params: readonly unknown[]): void => {
    const bound = params.some(
      (param) => typeof param === "string" && makerspace_ids.some((id) => param === id || param.includes(`"${id}"`)),
    );
    const harmless = /^\s*select json_extract\('\{\}'/i.test(sql);
    if (namesDirectoryTable.test(sql) || !(bound || harmless)) {
      const [culprit = sql] = /\b(from|into|update)\b.*/is.exec(sql) ?? [];
      throw new TenantLeak(
        `a statement does not bind its makerspace (space.store.in, space.store.row): ${culprit.slice(0, 160)}`,
      );
    }
  };
  const guard = (statement: D1PreparedStatement, sql: string): D1PreparedStatement =>
    new Proxy(statement, {
      get(target, key) {
        if (key === "bind") {
          return (...params: unknown[]) => {
            check(sql, params);
            return target.bind(...params);
          };
        }
        const value = Reflect.get(target, key, target) as unknown;
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
  return new Proxy(database, {
    get(target, key) {
      if (key === "prepare") return (sql: string) => guard(target.prepare(sql), sql);
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** The directory: platform tables only. */
export const directory = (): Database => drizzle(env.DIRECTORY);

/** The database of one makerspace, for statements of that makerspace only. */
export function shardOf(shard: string, makerspace_ids: readonly string[]): { db: Database; d1: D1Database } {
  if (!isShard(shard)) throw new Error(`unknown shard ${shard}`);
  const raw = shards[shard]();
  const d1 = config.ENVIRONMENT === "production" ? raw : tripwire(raw, makerspace_ids);
  return { db: drizzle(d1), d1 };
}

/** Every shard as it is, for work that spans makerspaces by nature: sweeping outboxes, tidying. */
export const everyShard = (): Database[] => Object.values(shards).map((open) => drizzle(open()));
