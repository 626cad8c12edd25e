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
import { inObject } from "./scene.ts";
import type { TestSpace } from "./space.ts";

const batchOf = (queue: string, envelopes: readonly unknown[]): MessageBatch =>
  createMessageBatch(
    queue,
    envelopes.map((body, index) => ({ id: String(index), timestamp: new Date(), attempts: 1, body })),
  );

/** Delivers envelopes as the queue does. Answers which were acknowledged and which are to come again, by their place. */
export async function deliver(envelopes: readonly unknown[], queue = "makrcave-events") {
  const batch = batchOf(queue, envelopes);
  await worker.queue(batch);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext());
  return { acknowledged: explicitAcks, again: retryMessages.map((message) => message.msgId) };
}

/** Delivers envelopes to handlers of one's own. */
export const deliverTo = (consumers: Partial<Consumers>, ...envelopes: EventEnvelope[]): Promise<void> =>
  consumeBatch(consumers, batchOf("makrcave-events", envelopes), Date.now());

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
