/**
 * The way of a machine's decisions into D1, and the only writer of reservations, sessions and projection_cursors there.
 * Rows go as the newest state of what the events are about; events go in order, past the cursor, with audit and outbox in the same batch.
 */

import type { EventEnvelope } from "../../src/platform/events.ts";
import { describeError, log } from "../../src/platform/log.ts";
import { SECOND } from "../../src/platform/time.ts";
import { Retry } from "../retry.ts";
import type { EventBody } from "./events.ts";
import { isEmpty, isFull, type Outbox, type Pending, type RowKind } from "./outbox.ts";
import type { Ports } from "./ports.ts";
import { isAhead, offered, statements } from "./statements.ts";
import { OVER_RESERVATIONS, OVER_SESSIONS } from "./store/rows.ts";
import { SERIES_OF } from "./store/series.ts";

/** An alarm looks after what has not come home this long after the change. */
export const REPAIR_MS = 3 * SECOND;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 60 * SECOND;

/** D1 says no to what it was given, and will say so again. Everything else passes with time. */
const isDeterministic = (error: unknown): boolean =>
  /SQLITE_CONSTRAINT|SQLITE_MISMATCH|SQLITE_TOOBIG|D1_TYPE_ERROR|too big|malformed JSON/i.test(String(error));

/** The single flusher of one machine: what several commands changed goes in one trip. */
export class Projection {
  readonly #outbox: Outbox;
  readonly #ports: () => Ports;
  readonly #tenant: { makerspace_id: string; equipment_id: string };
  readonly #onOutrun: () => void;
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | null = null;
  #isDirty: boolean;
  /** Counts changes, and those that the newest batch was made after: so that a flush knows whether it left any behind. */
  #touches = 0;
  #covered = 0;
  /** While there are failures, only the alarm tries again. */
  readonly #again = new Retry(FIRST_RETRY_MS, LAST_RETRY_MS);

  /** `onOutrun` hears that the machine was set back and has begun a new epoch. */
  constructor(
    outbox: Outbox,
    ports: () => Ports,
    { onOutrun, ...tenant }: { makerspace_id: string; equipment_id: string; onOutrun: () => void },
  ) {
    this.#outbox = outbox;
    this.#ports = ports;
    this.#tenant = tenant;
    this.#onOutrun = onOutrun;
    this.#isDirty = outbox.hasPending();
    if (this.#isDirty) this.#again.expect(Date.now());
  }

  /** When the alarm has to look after a flush, by the wall clock; Infinity when all is in D1 and storage knows. */
  get dueAt(): number {
    return this.#again.dueAt;
  }

  /** Notes that something waits for D1. */
  touch(): void {
    this.#isDirty = true;
    this.#touches++;
    this.#again.expect(Date.now() + REPAIR_MS);
  }

  /** Flushes, together with whoever else asks meanwhile; resolves when that try is over, well or not. While D1 is away only the alarm tries. */
  flush(): Promise<void> {
    const isUnderWay = this.#covered === this.#touches && !this.#queued;
    if (!this.#isDirty || isUnderWay || this.#again.failures > 0) return this.#running;
    return this.#next();
  }

  /** The alarm's flush: tries again what has failed before, or notes what has not. */
  async repair(): Promise<void> {
    if (!this.#isDirty) {
      this.#outbox.settle();
      this.#again.succeeded();
    } else if (this.#again.dueAt <= Date.now()) {
      this.#again.begin();
      await this.#next();
    }
  }

  /** Flushes until nothing is left, or D1 refuses; storage knows of all of it then. */
  async drain(): Promise<void> {
    do await this.#next();
    while (this.#isDirty && this.#again.failures === 0);
    this.#outbox.settle();
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
    this.#covered = this.#touches;
    const pending = this.#outbox.pending();
    if (isEmpty(pending)) return this.#settled(true);
    try {
      await this.#project(pending);
      this.#outbox.projected(pending);
    } catch (error) {
      // What was numbered anew goes, and is sent, with the next batch.
      if (isAhead(error) && (await this.outrun())) return this.#settled(false);
      const isHandled = isDeterministic(error) && (await this.#oneByOne(pending));
      return isHandled ? this.#settled(this.#isCovered(pending)) : this.#failed(error);
    }
    this.#settled(this.#isCovered(pending));
    // Not waited for: D1 has them, and the next batch need not stand behind the queue.
    void this.#send(pending.events);
  }

  /** True when this was all, as far as anybody knows. */
  #isCovered(pending: Pending): boolean {
    return this.#covered === this.#touches && !isFull(pending);
  }

  #project(pending: Pending): Promise<void> {
    const { makerspace_id, equipment_id } = this.#tenant;
    const batch = statements(makerspace_id, equipment_id, pending, this.#outbox.totals(), Date.now());
    return this.#ports().project(batch);
  }

  /** Begins a new epoch if D1 has seen numbers that this object has forgotten; true when it did. Never rejects. */
  async outrun(): Promise<boolean> {
    const { makerspace_id, equipment_id } = this.#tenant;
    try {
      const [cursor] = await this.#ports().read<{ seq: number }>({
        sql: "SELECT seq FROM projection_cursors WHERE makerspace_id = ? AND equipment_id = ?",
        params: [makerspace_id, equipment_id],
      });
      if (!cursor || !this.#outbox.outrun(cursor.seq)) return false;
    } catch (error) {
      log.warn("cursor_unread", { ...this.#tenant, error: describeError(error) });
      return false;
    }
    log.error("object_was_set_back", this.#tenant);
    this.#onOutrun();
    return true;
  }

  /** Deletes a person's rows that are over, once the machine has deleted its own. */
  async purge(member_id: string): Promise<void> {
    const { makerspace_id, equipment_id } = this.#tenant;
    const params = [member_id, makerspace_id, equipment_id];
    const here = "AND makerspace_id = ? AND equipment_id = ?";
    await this.#ports().project([
      { sql: `DELETE ${OVER_RESERVATIONS} ${here}`, params },
      { sql: `DELETE ${OVER_SESSIONS} ${here}`, params },
      { sql: `DELETE ${SERIES_OF} ${here}`, params },
    ]);
  }

  /** Offers once more what was parked. Returns how much D1 still refuses. */
  async offerParked(): Promise<number> {
    const { makerspace_id, equipment_id } = this.#tenant;
    for (const { seq, body } of this.#outbox.parkedEvents()) {
      try {
        await this.#ports().project(offered(makerspace_id, equipment_id, body, Date.now()));
      } catch (error) {
        log.warn("parked_again", { ...this.#tenant, seq, error: describeError(error) });
        continue;
      }
      this.#outbox.taken(seq);
      await this.#send([{ seq, body }]);
    }
    this.#isDirty = this.#outbox.offerParkedRows() || this.#isDirty;
    await this.drain();
    return this.#outbox.parkedCount();
  }

  /** A backlog goes on at once; the alarm looks after a failure, and after what storage has yet to hear. */
  #settled(isClean: boolean): void {
    const { dueAt } = this.#again;
    this.#again.succeeded();
    this.#isDirty = !isClean;
    if (!isClean) void this.#next();
    // Left as it was where it can be: setting the alarm is a write.
    if (!isClean || this.#outbox.isUnsettled) this.#again.expect(Math.min(dueAt, Date.now() + REPAIR_MS));
  }

  #failed(error: unknown): void {
    this.#again.failed(Date.now());
    log.warn("projection_failed", { ...this.#tenant, failures: this.#again.failures, error: describeError(error) });
  }

  /** One row or event of the batch is what D1 refuses: each goes by itself, so that only that one waits. True when the rest is through. */
  async #oneByOne({ reservations, sessions, series, outages, events }: Pending): Promise<boolean> {
    const none: Pending = { reservations: [], sessions: [], series: [], outages: [], events: [] };
    const parts = [
      ...reservations.map((row) => ({ kind: "reservation" as const, row, part: { ...none, reservations: [row] } })),
      ...sessions.map((row) => ({ kind: "session" as const, row, part: { ...none, sessions: [row] } })),
      ...series.map((row) => ({ kind: "series" as const, row, part: { ...none, series: [row] } })),
      ...outages.map((row) => ({ kind: "outage" as const, row, part: { ...none, outages: [row] } })),
    ];
    let isThrough = true;
    for (const { kind, row, part } of parts) {
      isThrough = (await this.#alone(part, kind, row.id, row.version)) && isThrough;
    }
    for (const event of events) {
      // Events go in order: those after a refused one wait until it is parked.
      if (!(await this.#alone({ ...none, events: [event] }, "event", String(event.seq), event.seq))) return false;
    }
    return isThrough;
  }

  /** True when it went through or was parked. */
  async #alone(part: Pending, kind: RowKind | "event", ref: string, version: number): Promise<boolean> {
    try {
      await this.#project(part);
    } catch (error) {
      if (!isDeterministic(error)) return false;
      const body = part.events[0]?.body ?? null;
      const isParked = this.#outbox.refused(kind, ref, version, { error: describeError(error), body }, Date.now());
      if (isParked) log.error("projection_parked", { ...this.#tenant, kind, ref, error: describeError(error) });
      return isParked;
    }
    this.#outbox.projected(part);
    void this.#send(part.events);
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
