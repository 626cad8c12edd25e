/**
 * Reads that every request repeats. Drizzle takes longer to make the SQL of such a read than SQLite to run it, so it is
 * made once, with placeholders, and each request only fills them in.
 */

import { env } from "cloudflare:workers";
import { fillPlaceholders, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { D1PreparedQuery } from "drizzle-orm/d1";
import { assignShard, type Database, directory } from "./driver.ts";
import { SpaceStore } from "./store.ts";

type Read = BatchItem<"sqlite">;
type Values<N extends string = string> = Readonly<Record<N, string | number>>;

/** Names and their placeholders. To a builder a placeholder is a value like any other, which Drizzle's types do not know. */
type Named<N extends string = string> = Readonly<Record<N, string>>;

/**
 * Makes a read of a makerspace out of values by name: path parameters, the user's id. It runs once: it must pass the
 * values on as they are, and make the same SQL whatever they are.
 */
export type ReadBuilder = (store: SpaceStore, values: Named) => Read;

/** The same for the directory. */
export type DirectoryBuilder<N extends string> = (db: Database, values: Named<N>) => Read;

const MAKERSPACE = "makerspace_id";
const placeholder = (name: string): string => sql.placeholder(name) as unknown as string;
const placeholders: Named = new Proxy({}, { get: (_, name) => placeholder(String(name)) });

const built = new WeakMap<object, D1PreparedQuery>();

function queryOf(builder: object, build: () => Read): D1PreparedQuery {
  const known = built.get(builder);
  if (known) return known;
  // What Drizzle's own batch asks of each of its items; the method is left out of its types.
  const query = (build() as unknown as { _prepare(): D1PreparedQuery })._prepare();
  built.set(builder, query);
  return query;
}

function bind(database: D1Database, query: D1PreparedQuery, values: Values): D1PreparedStatement {
  const { sql: text, params } = query.getQuery();
  return database.prepare(text).bind(...fillPlaceholders(params, values));
}

/** Runs the reads in one trip; each answers the rows that Drizzle would. */
export async function readTogether(
  store: SpaceStore,
  builders: readonly ReadBuilder[],
  values: Values,
): Promise<unknown[]> {
  // The SQL is the same in every shard.
  const blank = (): SpaceStore => new SpaceStore(placeholder(MAKERSPACE), assignShard());
  const queries = builders.map((build) => queryOf(build, () => build(blank(), placeholders)));
  const filled = { ...values, [MAKERSPACE]: store.makerspace_id };
  const results = await store.d1.batch(queries.map((query) => bind(store.d1, query, filled)));
  return queries.map((query, index) => query.mapResult(results[index], true));
}

/** Runs one read of the directory and answers its rows. */
export async function readDirectory<N extends string>(
  build: DirectoryBuilder<N>,
  values: Values<N>,
): Promise<unknown[]> {
  const query = queryOf(build, () => build(directory(), placeholders as Named<N>));
  return query.mapResult(await bind(env.DIRECTORY, query, values).all(), true) as unknown[];
}
