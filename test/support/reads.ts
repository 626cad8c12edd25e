/** How many rows of the makerspace's database a request reads. */

import { env } from "cloudflare:workers";
import type { Api } from "./api.ts";
import { through } from "./faults.ts";

interface Statement {
  sql: string;
  values: unknown[];
}

/** A database that notes its statements. */
function noting(database: D1Database, noted: Statement[]): D1Database {
  return new Proxy(database, {
    get(target, key) {
      if (key === "prepare") {
        return (sql: string) => {
          const statement = target.prepare(sql);
          return new Proxy(statement, {
            get(inner, name) {
              if (name === "bind") {
                return (...values: unknown[]) => {
                  noted.push({ sql, values });
                  return inner.bind(...values);
                };
              }
              const value: unknown = Reflect.get(inner, name, inner);
              return typeof value === "function" ? value.bind(inner) : value;
            },
          });
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Asks, and counts the rows that its reads of tables named like `table` read; they are asked once more for it. */
export const rowsReadBy = (api: Api, path: string, table: RegExp): Promise<number> =>
  rowsReadIn(api, (by) => by.get(path), table);

/** The same of whatever is asked. */
export async function rowsReadIn(api: Api, ask: (by: Api) => Promise<unknown>, table: RegExp): Promise<number> {
  const noted: Statement[] = [];
  await ask(api.by(through({ DB_000: noting(env.DB_000, noted) })));
  let read = 0;
  for (const { sql, values } of noted.filter((each) => /^\s*select/i.test(each.sql) && table.test(each.sql))) {
    const { meta } = await env.DB_000.prepare(sql)
      .bind(...values)
      .all();
    read += meta.rows_read ?? 0;
  }
  return read;
}
