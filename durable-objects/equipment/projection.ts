/**
 * The way of a machine's decisions into D1, and the only writer of reservations, sessions and projection_cursors there.
 * Rows go as the newest state of what is dirty; events go in order, past the cursor, with audit and outbox in the same batch.
 */

import type { EventEnvelope } from "../../src/platform/events.ts";
import { describeError, log } from "../../src/platform/log.ts";
import { SECOND } from "../../src/platform/time.ts";
import type { EventBody } from "./events.ts";
import { isEmpty, type Outbox, type Pending } from "./outbox.ts";
import type { Ports, Statement } from "./ports.ts";
import { reservationColumns, sessionColumns } from "./store.ts";

/** An alarm looks after what has not come home this long after the change. */
export const REPAIR_MS = 3 * SECOND;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 60 * SECOND;

/** D1 says no to what it was given, and will say so again. Everything else passes with time. */
const isDeterministic = (error: unknown): boolean =>
  /SQLITE_CONSTRAINT|SQLITE_MISMATCH|SQLITE_TOOBIG|D1_TYPE_ERROR|too big|malformed JSON/i.test(String(error));

/** Equal versions have equal content, so that writing one again heals a row that somebody touched. */
function upsert(table: string, columns: readonly string[]): string {
  const names = ["makerspace_id", "equipment_id", ...columns, "orphan"];
  const values = columns.map((column) => `value ->> '${column}'`);
  const changes = [...columns.slice(1), "orphan"].map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${table} (${names.join(", ")})
    SELECT ?1, ?2, ${values.join(", ")}, 0 FROM json_each(?3) WHERE true
    ON CONFLICT (makerspace_id, id) DO UPDATE SET ${changes.join(", ")} WHERE excluded.version >= ${table}.version`;
}

const PUT_RESERVATIONS = upsert("reservations", reservationColumns);
const PUT_SESSIONS = upsert("sessions", sessionColumns);
const CURSOR = "(SELECT seq FROM projection_cursors WHERE makerspace_id = ?1 AND equipment_id = ?2)";
const PUT_AUDIT = `INSERT INTO audit_log (makerspace_id, seq, commit_id, occurred_at, actor_kind, actor_id, action,
    subject_type, subject_id, request_id, before, after)
  SELECT ?1, coalesce((SELECT max(seq) FROM audit_log WHERE makerspace_id = ?1), 0) + row_number() OVER (ORDER BY key),
    value ->> '$.envelope.id', value ->> '$.envelope.occurred_at', value ->> '$.actor_kind', value ->> '$.envelope.actor_id',
    value ->> '$.envelope.type', value ->> '$.envelope.subject.type', value ->> '$.envelope.subject.id',
    value ->> '$.envelope.request_id', value ->> '$.before', value ->> '$.envelope.data'
  FROM json_each(?3) WHERE value ->> '$.seq' > coalesce(${CURSOR}, 0)
  ON CONFLICT (makerspace_id, commit_id) DO NOTHING`;
const PUT_OUTBOX = `INSERT INTO outbox (makerspace_id, event_id, envelope, created_at, sent_at)
  SELECT ?1, value ->> '$.envelope.id', value ->> '$.envelope', ?4, ?4
  FROM json_each(?3) WHERE value ->> '$.seq' > coalesce(${CURSOR}, 0)
  ON CONFLICT (makerspace_id, event_id) DO NOTHING`;
const PUT_CURSOR = `INSERT INTO projection_cursors (makerspace_id, equipment_id, seq, updated_at, use_count, use_ms)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6)
  ON CONFLICT (makerspace_id, equipment_id) DO UPDATE SET seq = excluded.seq, updated_at = excluded.updated_at,
    use_count = excluded.use_count, use_ms = excluded.use_ms
  WHERE excluded.seq > projection_cursors.seq`;

/** The batch that brings `pending` to D1: at most five statements, each row and event inside one JSON parameter. */
function statements(
  makerspace_id: string,
  equipment_id: string,
  pending: Pending,
  usage: { use_count: number; use_ms: number },
  wall: number,
): Statement[] {
  const { reservations, sessions, events } = pending;
  const tenant = [makerspace_id, equipment_id];
  const batch: Statement[] = [];
  if (reservations.length > 0) batch.push({ sql: PUT_RESERVATIONS, params: [...tenant, JSON.stringify(reservations)] });
  if (sessions.length > 0) batch.push({ sql: PUT_SESSIONS, params: [...tenant, JSON.stringify(sessions)] });
  const last = events.at(-1);
  if (last) {
    const bodies = `[${events.map(({ body }) => body).join(",")}]`;
    batch.push({ sql: PUT_AUDIT, params: [...tenant, bodies] });
    batch.push({ sql: PUT_OUTBOX, params: [...tenant, bodies, wall] });
    batch.push({ sql: PUT_CURSOR, params: [...tenant, last.seq, wall, usage.use_count, usage.use_ms] });
  }
  return batch;
}

/** The single flusher of one machine: what several commands changed goes in one trip. */
export class Projection {
  readonly #outbox: Outbox;
  readonly #ports: () => Ports;
  readonly #tenant: { makerspace_id: string; equipment_id: string };
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | null = null;
  #isDirty: boolean;
  /** Failures in a row; while there are any, only the alarm tries again. */
  #failures = 0;
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(outbox: Outbox, ports: () => Ports, tenant: { makerspace_id: string; equipment_id: string }) {
    this.#outbox = outbox;
    this.#ports = ports;
    this.#tenant = tenant;
    this.#isDirty = outbox.hasPending();
    if (this.#isDirty) this.#dueAt = Date.now();
  }

  /** When the alarm has to look after a flush that did not come home, by the wall clock; Infinity when all is in D1. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** Notes that something waits for D1. */
  touch(): void {
    this.#isDirty = true;
    if (this.#failures === 0) this.#dueAt = Math.min(this.#dueAt, Date.now() + REPAIR_MS);
  }

  /** Flushes, together with whoever else asks meanwhile; resolves when that try is over, well or not. While D1 is away only the alarm tries. */
  flush(): Promise<void> {
    if (!this.#isDirty || this.#failures > 0) return this.#running;
    return this.#next();
  }

  /** The alarm's flush: tries again what has failed before. */
  async repair(): Promise<void> {
    if (this.#isDirty && this.#dueAt <= Date.now()) await this.#next();
  }

  /** Flushes until nothing is left, or D1 refuses. */
  async drain(): Promise<void> {
    do await this.#next();
    while (this.#isDirty && this.#failures === 0);
  }

  #next(): Promise<void> {
    this.#queued ??= this.#running.then(() => {
      this.#running = this.#queued ?? this.#running;
      this.#queued = null;
      return this.#step();
    });
    return this.#queued;
  }

  /** One batch. Never rejects. */
  async #step(): Promise<void> {
    const pending = this.#outbox.pending();
    if (isEmpty(pending)) return this.#settled(true);
    try {
      await this.#project(pending);
      this.#outbox.projected(pending);
    } catch (error) {
      const isHandled = isDeterministic(error) && (await this.#oneByOne(pending));
      if (!isHandled) return this.#failed(error);
    }
    this.#settled(!this.#outbox.hasPending());
    // Not waited for: D1 has them, and the next batch need not stand behind the queue.
    void this.#send(pending.events);
  }

  #project(pending: Pending): Promise<void> {
    const { makerspace_id, equipment_id } = this.#tenant;
    return this.#ports().project(statements(makerspace_id, equipment_id, pending, this.#outbox.usage(), Date.now()));
  }

  #settled(isClean: boolean): void {
    this.#failures = 0;
    this.#isDirty = !isClean;
    this.#dueAt = isClean ? Number.POSITIVE_INFINITY : Date.now() + REPAIR_MS;
  }

  #failed(error: unknown): void {
    this.#failures++;
    this.#dueAt = Date.now() + Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LAST_RETRY_MS);
    log.warn("projection_failed", { ...this.#tenant, failures: this.#failures, error: describeError(error) });
  }

  /** One row or event of the batch is what D1 refuses: each goes by itself, so that only that one waits. True when the rest is through. */
  async #oneByOne({ reservations, sessions, events }: Pending): Promise<boolean> {
    const none: Pending = { reservations: [], sessions: [], events: [] };
    let isThrough = true;
    for (const row of reservations) {
      const part = { ...none, reservations: [row] };
      isThrough = (await this.#alone(part, "reservation", row.id, row.version)) && isThrough;
    }
    for (const row of sessions) {
      const part = { ...none, sessions: [row] };
      isThrough = (await this.#alone(part, "session", row.id, row.version)) && isThrough;
    }
    for (const event of events) {
      // Events go in order: those after a refused one wait until it is parked.
      if (!(await this.#alone({ ...none, events: [event] }, "event", String(event.seq), event.seq))) return false;
    }
    return isThrough;
  }

  /** True when it went through or was parked. */
  async #alone(
    part: Pending,
    kind: "reservation" | "session" | "event",
    ref: string,
    version: number,
  ): Promise<boolean> {
    try {
      await this.#project(part);
    } catch (error) {
      if (!isDeterministic(error)) return false;
      const isParked = this.#outbox.refused(kind, ref, version, describeError(error), Date.now());
      if (isParked) log.error("projection_parked", { ...this.#tenant, kind, ref, error: describeError(error) });
      return isParked;
    }
    this.#outbox.projected(part);
    return true;
  }

  /** Never rejects. */
  async #send(events: Pending["events"]): Promise<void> {
    if (events.length === 0) return;
    const envelopes = events.map(({ body }): EventEnvelope => (JSON.parse(body) as EventBody).envelope);
    try {
      await this.#ports().send(envelopes);
    } catch (error) {
      log.warn("queue_send_failed", { ...this.#tenant, events: events.length, error: describeError(error) });
    }
  }
}
