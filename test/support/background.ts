/** What runs without a request, made to run now: the queue, the clockwork, and brokers that forget. */

import {
  createExecutionContext,
  createMessageBatch,
  createScheduledController,
  getQueueResult,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import worker from "../../src/index.ts";
import { schedules } from "../../src/platform/cron.ts";
import type { EventEnvelope } from "../../src/platform/events.ts";
import { type Consumers, consumeBatch } from "../../src/platform/queue.ts";
import wrangler from "../../wrangler.toml?raw";
import { inObject } from "./scene.ts";
import type { TestSpace } from "./space.ts";

const EVENTS = "makrcave-events";

const batchOf = (queue: string, envelopes: readonly unknown[]): MessageBatch =>
  createMessageBatch(
    queue,
    envelopes.map((body, index) => ({ id: String(index), timestamp: new Date(), attempts: 1, body })),
  );

/** Delivers envelopes as the queue does. Answers which were acknowledged and which are to come again, by their place. */
export async function deliver(envelopes: readonly unknown[], queue = EVENTS) {
  const batch = batchOf(queue, envelopes);
  await worker.queue(batch);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
  return { acknowledged: explicitAcks, again: retryMessages.map((message) => message.msgId) };
}

/** Delivers envelopes to handlers of one's own. */
export const deliverTo = (consumers: Partial<Consumers>, ...envelopes: EventEnvelope[]): Promise<void> =>
  consumeBatch(consumers, batchOf(EVENTS, envelopes), Date.now());

/** One delivery of one message. @returns in how many seconds it is to come again; null when it need not. */
export async function attempt(
  envelope: unknown,
  { consumers, attempts = 1 }: { consumers?: Partial<Consumers>; attempts?: number } = {},
): Promise<{ retry_in: number | null }> {
  let retry_in: number | null = null;
  const message = { id: "0", timestamp: new Date(), attempts, body: envelope, ack: () => {} };
  // The runtime's own batch does not tell how long a message wants to wait.
  const retry = ({ delaySeconds = 0 }: QueueRetryOptions = {}) => {
    retry_in = delaySeconds;
  };
  const batch = { ...batchOf(EVENTS, []), queue: EVENTS, messages: [{ ...message, retry }] } as MessageBatch;
  await (consumers ? consumeBatch(consumers, batch, Date.now()) : worker.queue(batch));
  return { retry_in };
}

/** How often the queue delivers again what failed, by wrangler.toml. */
export function maxRetries(): number {
  const consumer = wrangler
    .split("[[queues.consumers]]")
    .slice(1)
    .find((text) => text.includes(`queue = "${EVENTS}"\n`));
  return Number(/^max_retries = (\d+)$/m.exec(consumer ?? "")?.[1]);
}

/** Delivers a message as the broker does, without the waiting: until it is taken, or was retried so often that it goes to the dead ones. */
export async function broker(
  envelope: EventEnvelope,
  meanwhile: (attempts: number) => unknown = () => {},
): Promise<{ attempts: number; seconds: number; dead: boolean }> {
  let seconds = 0;
  for (let attempts = 1; attempts <= maxRetries() + 1; attempts++) {
    await meanwhile(attempts);
    const { retry_in } = await attempt(envelope, { attempts });
    if (retry_in === null) return { attempts, seconds, dead: false };
    seconds += retry_in;
  }
  await deliver([envelope], `${EVENTS}-dead`);
  return { attempts: maxRetries() + 1, seconds, dead: true };
}

/** Runs the tasks of one schedule. */
export async function tick(schedule: keyof typeof schedules): Promise<void> {
  const context = createExecutionContext();
  await worker.scheduled(createScheduledController({ cron: schedules[schedule], scheduledTime: new Date() }));
  await waitOnExecutionContext(context);
}

/** Events of one type in a makerspace that nobody has consumed yet. */
export async function outboxOf(space: TestSpace, type: string): Promise<EventEnvelope[]> {
  const { results } = await env.DB_000.prepare("SELECT envelope FROM outbox WHERE makerspace_id = ?")
    .bind(space.id)
    .all<{ envelope: string }>();
  const envelopes = results.map((row) => JSON.parse(row.envelope) as EventEnvelope);
  return envelopes.filter((envelope) => envelope.type === type);
}

/** A queue that takes everything and forgets it; or keeps it for the test. */
export const blackHole = (taken: EventEnvelope[] = []): Pick<Queue, "sendBatch"> => ({
  async sendBatch(messages) {
    for (const { body } of messages) taken.push(body as EventEnvelope);
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  },
});

/** From now on the broker forgets what this machine sends. */
export const forgetful = (space: TestSpace, machine: { id: string }): Promise<void> =>
  inObject(space, machine, (object) => {
    object.ports = { ...object.ports, send: async () => {} };
  });
