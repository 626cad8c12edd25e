/** How SQLite goes about what a request asks of its makerspace's database. */

import { env } from "cloudflare:workers";
import type { Api } from "./api.ts";
import { faulty, through } from "./faults.ts";

/** The steps of the plans of its selects from tables like these; each is led by `path`. @throws when it is no success or selects nothing */
export async function stepsOf(api: Api, path: string, tables: RegExp): Promise<string[]> {
  const asked: string[] = [];
  const before = (texts: readonly string[]) => void asked.push(...texts);
  await api.by(through({ DB_000: faulty(env.DB_000, { before }) })).get(path);
  const selects = asked.filter((text) => tables.test(text));
  if (selects.length === 0) throw new Error(`${path} selects nothing from ${tables}`);
  const plans = selects.map(async (text) => {
    const unknown = Array.from({ length: text.split("?").length - 1 }, () => null);
    const { results } = await env.DB_000.prepare(`EXPLAIN QUERY PLAN ${text}`)
      .bind(...unknown)
      .all<{ detail: string }>();
    return results.map((step) => `${path}: ${step.detail}`);
  });
  return (await Promise.all(plans)).flat();
}
