/** Events to and from the queue. Outbox rows make it at-least-once; processed_events makes each effect once. */

import { env } from "cloudflare:workers";
import { z } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { runTogether } from "./db/commit.ts";
import { insertAll } from "./db/insert-all.ts";
import { directoryShardOf } from "./db/shards.ts";
import { SpaceStore } from "./db/store.ts";
import { deadLetters, outbox, processedEvents } from "./db/tables.ts";
import type { EventEnvelope, EventType } from "./events.ts";
import { newId } from "./ids.ts";
import { describeError, log } from "./log.ts";
import { within } from "./within.ts";

/** The queue refuses more per call. */
const SEND_MAX = 100;

/**
 * Work that the house gives itself: jobs, and messages whose type ends with "due". Each may use all that an invocation may, in statements and
 * in memory, and has one of its own.
 */
const isWork = ({ type }: EventEnvelope): boolean => type === "job.queued" || /[._]due$/.test(type);

/** Sends envelopes; a failure is left to the minute sweep of the outbox. */
export async function sendEvents(envelopes: readonly EventEnvelope[], delay_seconds = 0): Promise<void> {
  const { work = [], events = [] } = Object.groupBy(envelopes, (one) => (isWork(one) ? "work" : "events"));
  await Promise.all([sendTo(env.WORK, work, delay_seconds), sendTo(env.EVENTS, events, delay_seconds)]);
}

async function sendTo(queue: Queue, envelopes: readonly EventEnvelope[], delay_seconds: number): Promise<void> {
  try {
    for (let from = 0; from < envelopes.length; from += SEND_MAX) {
      const messages = envelopes.slice(from, from + SEND_MAX).map((body) => ({ body, delaySeconds: delay_seconds }));
      await queue.sendBatch(messages);
    }
  } catch (error) {
    log.warn("queue_send_failed", { events: envelopes.length, error: describeError(error) });
  }
}

/** Statements that keep events which are on their way already, so that a broker that forgets them is made up for. Once each. */
export const toOutbox = (store: SpaceStore, envelopes: readonly EventEnvelope[], now: number): BatchItem<"sqlite">[] =>
  insertAll(
    store,
    outbox,
    envelopes.map((envelope) =>
      store.row({ event_id: envelope.id, envelope, created_at: now, sent_at: now, attempts: 0 }),
    ),
  );

/** What a handler may use. */
export interface EventContext {
  store: SpaceStore;
  now: number;
}

/** What a handler of an event may use. */
export interface HandlerContext extends EventContext {
  /**
   * Sends events once what the handler writes is in, and never if it is not: an attempt that fails sends nothing on, however often it comes
   * again. May be lost and may come twice; what must arrive is written with `toOutbox` as well.
   */
  sendAfter(envelopes: readonly EventEnvelope[], delay_seconds?: number): void;
}

/** An effect of an event: statements to run with it, or work that is idempotent by itself. Returns what to write, possibly nothing. */
export interface EventHandler {
  name: string;
  handle(envelope: EventEnvelope, context: HandlerContext): Promise<BatchItem<"sqlite">[]>;
  /** Tells others of the effect once it is written: may be lost, and may come twice. A failure is logged, no more. */
  after?(envelope: EventEnvelope, context: EventContext): Promise<void>;
}

/** Event type → its handlers. Modules declare it over their closed list of types, so a missing one does not compile. */
export type Consumers<T extends EventType = EventType> = Readonly<Record<T, readonly EventHandler[]>>;

const Envelope = z.object({
  id: z.string(),
  type: z.string(),
  v: z.literal(1),
  makerspace_id: z.string(),
  subject: z.object({ type: z.string(), id: z.string(), version: z.number() }),
  actor_id: z.string(),
  request_id: z.string(),
  occurred_at: z.number(),
  data: z.record(z.string(), z.unknown()),
});

/** An event whose handlers have said what to write. */
interface Prepared {
  envelope: EventEnvelope;
  store: SpaceStore;
  /** Each handler's mark and effects; they stand or fall together. */
  parts: BatchItem<"sqlite">[][];
  /** The end of the outbox row, after all handlers. */
  done: BatchItem<"sqlite">;
  now: number;
  handlers: readonly EventHandler[];
  /** What handlers send once all of it is written. */
  sends: (() => Promise<void>)[];
}

/** Asks every handler of an event; null when its makerspace is gone. */
async function prepare(consumers: Partial<Consumers>, envelope: EventEnvelope, now: number): Promise<Prepared | null> {
  const shard = await directoryShardOf(envelope.makerspace_id);
  if (shard === null) {
    log.warn("event_of_unknown_makerspace", { event_id: envelope.id });
    return null;
  }
  const store = new SpaceStore(envelope.makerspace_id, shard);
  const parts: Prepared["parts"] = [];
  const sends: (() => Promise<void>)[] = [];
  const sendAfter: HandlerContext["sendAfter"] = (envelopes, delay) => {
    if (envelopes.length > 0) sends.push(() => sendEvents(envelopes, delay));
  };
  const handlers = consumers[envelope.type as EventType];
  // A newer version may have sent it: a list that is empty is an answer, a missing one is not.
  if (!handlers) throw new Error(`no handlers for ${envelope.type}`);
  for (const handler of handlers) {
    const mark = { event_id: envelope.id, handler: handler.name, processed_at: now };
    const effects = await handler.handle(envelope, { store, now, sendAfter });
    parts.push([store.db.insert(processedEvents).values(store.row(mark)), ...effects]);
  }
  const done = store.db.delete(outbox).where(store.in(outbox, eq(outbox.event_id, envelope.id)));
  return { envelope, store, parts, done, now, handlers, sends };
}

/** Runs each handler's writes unless they ran before: a second delivery changes nothing. */
async function settle({ store, parts, done }: Prepared): Promise<void> {
  for (const part of parts) {
    try {
      await runTogether(store, part);
    } catch (error) {
      if (!describeError(error).includes("processed_events")) throw error;
    }
  }
  await store.db.batch([done]);
}

/** What handlers have to say once their effects are in. */
async function announce({ envelope, store, now, handlers, sends }: Prepared): Promise<void> {
  await Promise.all(sends.map((send) => send()));
  for (const handler of handlers) {
    try {
      await handler.after?.(envelope, { store, now });
    } catch (error) {
      log.warn("event_after_failed", { event_id: envelope.id, handler: handler.name, error: describeError(error) });
    }
  }
}

/** A handler throws it when somebody else is at work on the event: the message ends, its outbox row stays and brings it again. */
export class NotNow extends Error {
  override name = "NotNow";
}

/** Puts a message back, later each time. */
function retryLater(message: Message, envelope: EventEnvelope, error: unknown): void {
  if (error instanceof NotNow) return message.ack();
  const { id, type, request_id } = envelope;
  const { attempts } = message;
  log.warn("event_failed", { event_id: id, type, request_id, attempt: attempts, error: describeError(error) });
  message.retry({ delaySeconds: 2 ** Math.min(attempts, 8) });
}

/**
 * Consumes a batch. The events of a makerspace go in one trip; when that is refused (one came twice, one cannot be written) each goes by
 * itself. Each message is acknowledged or retried by itself.
 */
export async function consumeBatch(consumers: Partial<Consumers>, batch: MessageBatch, now: number): Promise<void> {
  const ready: Ready[] = [];
  const preparing = Promise.all(
    batch.messages.map(async (message) => {
      const prepared = await prepareMessage(consumers, message, now);
      if (prepared) ready.push({ message, prepared });
    }),
  );
  for (let isDone = false; !isDone; ) {
    isDone = await within(GATHER_MS, preparing);
    await settleReady(ready.splice(0));
  }
}

/** What is ready within this long of each other goes in one trip; a handler that takes longer holds up nobody else's events. */
const GATHER_MS = 250;

interface Ready {
  message: Message;
  prepared: Prepared;
}

/** Null when there is nothing to write, or it comes again later. */
async function prepareMessage(consumers: Partial<Consumers>, message: Message, now: number): Promise<Prepared | null> {
  const parsed = Envelope.safeParse(message.body);
  if (!parsed.success) {
    log.error("event_malformed", { message_id: message.id });
    message.ack();
    return null;
  }
  try {
    const prepared = await prepare(consumers, parsed.data, now);
    if (!prepared) message.ack();
    return prepared;
  } catch (error) {
    retryLater(message, parsed.data, error);
    return null;
  }
}

async function settleReady(ready: readonly Ready[]): Promise<void> {
  for (const group of Map.groupBy(ready, ({ prepared }) => prepared.envelope.makerspace_id).values()) {
    if (await settledTogether(group.map(({ prepared }) => prepared))) {
      for (const { message } of group) message.ack();
      await Promise.all(group.map(({ prepared }) => announce(prepared)));
      continue;
    }
    for (const { message, prepared } of group) {
      try {
        await settle(prepared);
        message.ack();
        await announce(prepared);
      } catch (error) {
        retryLater(message, prepared.envelope, error);
      }
    }
  }
}

/** One batch for all of them; false when D1 refused it, and nothing was written. */
async function settledTogether(events: readonly Prepared[]): Promise<boolean> {
  const [event] = events;
  if (!event) return true;
  try {
    await runTogether(
      event.store,
      events.flatMap(({ parts, done }) => [...parts.flat(), done]),
    );
    return true;
  } catch {
    return false;
  }
}

/** Stores what the queue gave up on, where staff see it and can replay it. The outbox row goes: it would be sent for ever. */
export async function storeDeadLetters(batch: MessageBatch, now: number): Promise<void> {
  for (const message of batch.messages) {
    const parsed = Envelope.safeParse(message.body);
    const shard = parsed.success ? await directoryShardOf(parsed.data.makerspace_id) : null;
    if (parsed.success && shard !== null) {
      const store = new SpaceStore(parsed.data.makerspace_id, shard);
      const row = {
        id: newId(),
        envelope: parsed.data,
        status: "parked" as const,
        version: 1,
        created_at: now,
        updated_at: now,
      };
      await store.db.batch([
        store.db.insert(deadLetters).values(store.row(row)),
        store.db.delete(outbox).where(store.in(outbox, eq(outbox.event_id, parsed.data.id))),
      ]);
    }
    log.error("event_dead", { message_id: message.id });
    message.ack();
  }
}
