/** The audit as tests need it: entries to look at, sealed on demand, and a hand that tampers with what nothing may touch. */

import { env } from "cloudflare:workers";
import { sealAudit } from "../../src/platform/audit/seal.ts";
import { type CommitEntry, commit, type Write } from "../../src/platform/db/commit.ts";
import { SpaceStore } from "../../src/platform/db/store.ts";
import { newId } from "../../src/platform/ids.ts";

/** The store of a makerspace. */
export const storeOf = ({ id }: { id: string }): SpaceStore => new SpaceStore(id, "000");

/** Seals what is there now. */
export const seal = (space: { id: string }): Promise<number> => sealAudit(storeOf(space), Date.now());

/** Commits entries, as some system would, at a time of one's own. */
export async function record(
  space: { id: string },
  entry: Partial<CommitEntry> = {},
  {
    now = Date.now(),
    actor_id = "test",
    writes = [],
    store = storeOf(space),
  }: { now?: number; actor_id?: string; writes?: Write[]; store?: SpaceStore } = {},
): Promise<void> {
  const context = {
    store,
    actor: { kind: "system", id: actor_id },
    request_id: newId(),
    now,
    idempotency: null,
    newId,
  } as const;
  const subject = { type: "thing", id: "t1", version: 1 };
  await commit(context, { action: "thing.changed", subject, after: { changed: ["colour"] }, ...entry }, writes);
}

/** Rows as they lie in a table of the audit, by number. */
export async function rowsOf<T>(space: { id: string }, table: string): Promise<T[]> {
  const read = env.DB_000.prepare(`SELECT * FROM ${table} WHERE makerspace_id = ? ORDER BY seq`).bind(space.id);
  return (await read.all<T>()).results;
}

/** Does what the triggers forbid, as somebody could who owns the database. They stand again afterwards. */
export async function tamper(space: { id: string }, ...statements: string[]): Promise<void> {
  const { results } = await env.DB_000.prepare(
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit_%'",
  ).all<{ name: string; sql: string }>();
  await env.DB_000.batch([
    ...results.map(({ name }) => env.DB_000.prepare(`DROP TRIGGER ${name}`)),
    ...statements.map((text) => env.DB_000.prepare(text).bind(space.id)),
    ...results.map(({ sql }) => env.DB_000.prepare(sql)),
  ]);
}
