/**
 * Writes are values; commit runs them as ONE D1 batch with the audit row, the outbox rows and the idempotency key, or nothing.
 * D1 has no interactive transactions: a precondition is a constraint, or `expect`, which aborts the batch when its statement matched no row.
 */

import { eq, lte, type Query, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { EventDraft, EventEnvelope } from "../events.ts";
import { describeError, log } from "../log.ts";
import { isProblemCode, type ProblemCode, problem } from "../problem.ts";
import { insertAll } from "./insert-all.ts";
import type { SpaceStore } from "./store.ts";
import { idempotencyKeys, outbox } from "./tables.ts";

/** A statement that has not run, and what its failure means. */
export interface Write {
  statement: BatchItem<"sqlite">;
  /** The problem when the statement changed no row, or not as many as `rows` says. */
  expect?: ProblemCode;
  /** How many rows `expect` waits for: one unless told. */
  rows?: number;
  /** Columns of a UNIQUE constraint as SQLite names them ("members.email") → the problem when it is violated. */
  unique?: Readonly<Record<string, ProblemCode>>;
  /** An entry of its own in the audit when the statement changed a row: for what a step does beside its subject. */
  entry?: AuditEntry;
}

/** Makes a write; `statement` is a Drizzle builder that nobody awaited. */
export const write = (statement: BatchItem<"sqlite">, failures: Omit<Write, "statement"> = {}): Write => ({
  statement,
  ...failures,
});

/** What happened, as the audit tells it. */
export interface AuditEntry {
  action: string;
  subject: { type: string; id: string };
  /** What an auditor needs to know: ids, statuses, names of changed fields. Erasable, and still no place for personal data. */
  before?: unknown;
  after?: unknown;
}

/** What happened, for the audit log and the outbox. */
export interface CommitEntry extends AuditEntry {
  subject: { type: string; id: string; version: number };
  /** Entries of their own for the others that the same step is done to, however many. */
  each?: readonly AuditEntry[];
  /** Types and data of the events to send; their subject is the entry's unless they name another. */
  events?: readonly EventDraft[];
  /** The answer to remember under the request's Idempotency-Key. */
  answer?: { status: number; body: unknown };
}

/** Who commits, as the space knows it. */
export interface CommitContext {
  store: SpaceStore;
  actor: { kind: "member" | "tablet" | "service" | "system" | "platform"; id: string };
  request_id: string;
  now: number;
  idempotency: { scope: string; key: string; fingerprint: string; expires_at: number } | null;
  newId: () => string;
}

const MAX_TRIES = 4;

/** D1 says the outcome is unknown; the same batch may be tried again because its commit_id is unique. */
const isTransient = (text: string): boolean =>
  /Network connection lost|storage caused object to be reset|reset because its code was updated/i.test(text);

const causeOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
};

/** Aborts the batch with a name we recognise when the statement before it changed another number of rows. */
const assertChanged = (store: SpaceStore, code: ProblemCode, rows = 1): BatchItem<"sqlite"> =>
  store.db.run(sql.raw(`SELECT json_extract('{}', iif(changes() = ${rows}, '$', 'expect:${code}'))`));

/** Of an aggregate without groups: one row, or none when the statement before it changed nothing. */
const ifChanged = sql.raw("HAVING changes() = 1");

/** The audit entry; what may have to be erased one day goes beside it, with a salt that hides it in the chain's digest. */
function auditStatements(
  context: CommitContext,
  entry: AuditEntry,
  commit_id: string,
  only = sql.raw(""),
): BatchItem<"sqlite">[] {
  const { store, actor } = context;
  const text = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
  const facts = store.db.run(sql`
    INSERT INTO audit_log (makerspace_id, seq, commit_id, occurred_at, recorded_at, actor_kind, actor_id, action,
                           subject_type, subject_id, request_id)
    SELECT ${store.makerspace_id}, coalesce(max(seq), 0) + 1, ${commit_id}, ${context.now}, ${context.now}, ${actor.kind},
           ${actor.id}, ${entry.action}, ${entry.subject.type}, ${entry.subject.id}, ${context.request_id}
    FROM audit_log WHERE makerspace_id = ${store.makerspace_id} ${only}`);
  if (entry.before === undefined && entry.after === undefined) return [facts];
  const details = store.db.run(sql`
    INSERT INTO audit_details (makerspace_id, seq, salt, before, after)
    SELECT makerspace_id, seq, lower(hex(randomblob(16))), ${text(entry.before)}, ${text(entry.after)}
    FROM audit_log WHERE makerspace_id = ${store.makerspace_id} AND commit_id = ${commit_id}`);
  return [facts, details];
}

/** Entries of many in as many statements as of one, behind the last one of the batch. */
function manyAuditStatements(
  { store, actor, ...context }: CommitContext,
  entries: readonly AuditEntry[],
): BatchItem<"sqlite">[] {
  if (entries.length === 0) return [];
  const text = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
  const rows = JSON.stringify(
    entries.map(({ action, subject, before, after }) => {
      const commit_id = context.newId();
      return { commit_id, action, type: subject.type, id: subject.id, before: text(before), after: text(after) };
    }),
  );
  const last = sql`(SELECT coalesce(max(seq), 0) AS seq FROM audit_log WHERE makerspace_id = ${store.makerspace_id}) last`;
  const facts = store.db.run(sql`
    INSERT INTO audit_log (makerspace_id, seq, commit_id, occurred_at, recorded_at, actor_kind, actor_id, action,
                           subject_type, subject_id, request_id)
    SELECT ${store.makerspace_id}, last.seq + 1 + one.key, one.value ->> 'commit_id', ${context.now}, ${context.now},
           ${actor.kind}, ${actor.id}, one.value ->> 'action', one.value ->> 'type', one.value ->> 'id', ${context.request_id}
    FROM ${last}, json_each(${rows}) one`);
  // The last one is theirs now.
  const details = store.db.run(sql`
    INSERT INTO audit_details (makerspace_id, seq, salt, before, after)
    SELECT ${store.makerspace_id}, last.seq + 1 + one.key - ${entries.length}, lower(hex(randomblob(16))),
           one.value ->> 'before', one.value ->> 'after'
    FROM ${last}, json_each(${rows}) one WHERE coalesce(one.value ->> 'before', one.value ->> 'after') IS NOT NULL`);
  return [facts, details];
}

/** Remembers the answer under the request's key; one that has expired makes room. */
function keyStatements(
  { store, now }: CommitContext,
  key: NonNullable<CommitContext["idempotency"]>,
  answer: NonNullable<CommitEntry["answer"]>,
): BatchItem<"sqlite">[] {
  const { scope, key: name, expires_at } = idempotencyKeys;
  const expired = store.in(idempotencyKeys, eq(scope, key.scope), eq(name, key.key), lte(expires_at, now));
  return [
    store.db.delete(idempotencyKeys).where(expired),
    store.db.insert(idempotencyKeys).values(store.row({ ...key, ...answer })),
  ];
}

function problemBehind(message: string, writes: readonly Write[]): ReturnType<typeof problem> | null {
  // Of a write of ours, or of a trigger that knows better.
  const expected = /expect:([a-z_]+)/.exec(message)?.[1];
  if (expected !== undefined && isProblemCode(expected)) return problem(expected);
  for (const item of writes) {
    for (const [columns, code] of Object.entries(item.unique ?? {})) {
      const names = columns.split(",").map((column) => column.trim());
      if (/UNIQUE constraint failed/.test(message) && names.every((name) => message.includes(name)))
        return problem(code);
    }
  }
  return message.includes("FOREIGN KEY constraint failed") ? problem("unknown_reference") : null;
}

/** Thrown when another request with the same Idempotency-Key won; the route answers with what that one stored. */
export class KeyTaken extends Error {
  override name = "KeyTaken";
}

/**
 * Runs the writes of one verb.
 * @returns the envelopes that were put into the outbox, to be sent to the queue after the response.
 * @throws Problem of a failed expectation or constraint; KeyTaken when the Idempotency-Key was used meanwhile; `unavailable` when D1 stays away.
 */
export async function commit(
  context: CommitContext,
  entry: CommitEntry,
  writes: readonly Write[],
): Promise<EventEnvelope[]> {
  const { store } = context;
  const commit_id = context.newId();
  const envelopes = (entry.events ?? []).map(
    (event): EventEnvelope => ({
      id: context.newId(),
      type: event.type,
      v: 1,
      makerspace_id: store.makerspace_id,
      subject: event.subject ?? entry.subject,
      actor_id: context.actor.id,
      request_id: context.request_id,
      occurred_at: context.now,
      data: event.data,
    }),
  );
  // The audit row leads, so that a repeated batch meets its own commit_id first; then the key, so that the loser of a race for it knows.
  const batch: BatchItem<"sqlite">[] = [
    ...auditStatements(context, entry, commit_id),
    ...manyAuditStatements(context, entry.each ?? []),
  ];
  if (context.idempotency && entry.answer) batch.push(...keyStatements(context, context.idempotency, entry.answer));
  for (const item of writes) {
    batch.push(item.statement);
    if (item.expect) batch.push(assertChanged(store, item.expect, item.rows));
    if (item.entry) batch.push(...auditStatements(context, item.entry, context.newId(), ifChanged));
  }
  const waiting = { created_at: context.now, sent_at: context.now, attempts: 0 };
  const outgoing = envelopes.map((envelope) => store.row({ event_id: envelope.id, envelope, ...waiting }));
  batch.push(...insertAll(store, outbox, outgoing));
  await run(store, batch, writes);
  return envelopes;
}

/** Drizzle's own batch() cannot bind the parameters of raw SQL on D1 (0.45), so its statements are handed over as text and values. */
function prepare(store: SpaceStore, statement: BatchItem<"sqlite">): D1PreparedStatement {
  const built = statement as { toSQL?: () => Query; getQuery?: () => Query };
  const { sql: text, params } = built.toSQL?.() ?? built.getQuery?.() ?? { sql: "", params: [] };
  return store.d1.prepare(text).bind(...params);
}

/** Runs statements as one batch, raw SQL with parameters among them. */
export const runTogether = (store: SpaceStore, batch: readonly BatchItem<"sqlite">[]): Promise<unknown> =>
  store.d1.batch(batch.map((statement) => prepare(store, statement)));

async function run(store: SpaceStore, batch: BatchItem<"sqlite">[], writes: readonly Write[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await runTogether(store, batch);
      return;
    } catch (error) {
      const message = causeOf(error);
      // The attempt before this one had arrived after all.
      if (/UNIQUE constraint failed: audit_log\.makerspace_id, audit_log\.commit_id/.test(message)) return;
      if (message.includes("idempotency_keys")) throw new KeyTaken();
      const known = problemBehind(message, writes);
      if (known) throw known;
      if (!isTransient(message)) throw error;
      log.warn("commit_retry", { makerspace_id: store.makerspace_id, attempt, error: describeError(error) });
      if (attempt >= MAX_TRIES) throw problem("unavailable", { retry_after: 5 });
      await scheduler.wait(Math.random() * 50 * 2 ** attempt);
    }
  }
}
