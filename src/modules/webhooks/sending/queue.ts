/** Deliveries on their way through a queue of their own: a slow receiver keeps no event of the house waiting. */

import { env } from "cloudflare:workers";
import { z } from "@hono/zod-openapi";
import { and, asc, lte, sql } from "drizzle-orm";
import type { CronTask } from "../../../platform/cron.ts";
import { everyShard } from "../../../platform/db/driver.ts";
import { directoryShardOf } from "../../../platform/db/shards.ts";
import { SpaceStore } from "../../../platform/db/store.ts";
import { describeError, log } from "../../../platform/log.ts";
import { MINUTE, SECOND } from "../../../platform/time.ts";
import { webhookDeliveries } from "../tables.ts";
import { attemptDelivery } from "./attempt.ts";

const Due = z.object({ makerspace_id: z.string(), delivery_id: z.string() });
type Due = z.infer<typeof Due>;

/** The queue refuses more per call. */
const SEND_MAX = 100;

/** Has deliveries attempted. What is lost here is found by the minute's sweep. */
export async function sendDue(due: readonly Due[], delay_ms = 0): Promise<void> {
  try {
    for (let from = 0; from < due.length; from += SEND_MAX) {
      const delaySeconds = Math.ceil(delay_ms / SECOND);
      await env.WEBHOOKS.sendBatch(due.slice(from, from + SEND_MAX).map((body) => ({ body, delaySeconds })));
    }
  } catch (error) {
    log.warn("webhook_send_failed", { deliveries: due.length, error: describeError(error) });
  }
}

/** In these words, because they are those of the partial indexes. */
const isPending = sql`${webhookDeliveries.status} = 'pending'`;

/** Deliveries of a makerspace whose time has come. */
export async function sendWhatIsDue(store: SpaceStore, now: number): Promise<void> {
  const { id, next_attempt_at } = webhookDeliveries;
  const rows = await store.db
    .select({ id })
    .from(webhookDeliveries)
    .where(and(store.in(webhookDeliveries, isPending), lte(next_attempt_at, now)))
    .orderBy(asc(next_attempt_at))
    .limit(SEND_MAX);
  await sendDue(rows.map((row) => ({ makerspace_id: store.makerspace_id, delivery_id: row.id })));
}

async function attemptOne(message: Message): Promise<void> {
  const parsed = Due.safeParse(message.body);
  try {
    const shard = parsed.success ? await directoryShardOf(parsed.data.makerspace_id) : null;
    if (parsed.success && shard !== null) {
      const store = new SpaceStore(parsed.data.makerspace_id, shard);
      const wait = await attemptDelivery(store, parsed.data.delivery_id);
      if (wait !== null) await sendDue([parsed.data], wait);
    }
  } catch (error) {
    log.error("webhook_attempt_failed", { error: describeError(error) });
  }
  // The row remembers what is still to be done.
  message.ack();
}

/** Attempts a batch of deliveries, all at once. */
export async function deliverBatch(batch: MessageBatch): Promise<void> {
  await Promise.all(batch.messages.map(attemptOne));
}

/** A message is late by this much before the sweep takes it for lost. */
const LOST_AFTER = MINUTE;
const SWEEP_MAX = 500;

/** Each minute: deliveries that the queue forgot. */
export const sweepDeliveries: CronTask = {
  name: "sweep_webhooks",
  schedule: "minute",
  async run(now) {
    let sent = 0;
    for (const db of everyShard()) {
      const rows = await db
        .select({
          makerspace_id: webhookDeliveries.makerspace_id,
          delivery_id: webhookDeliveries.id,
        })
        .from(webhookDeliveries)
        .where(and(isPending, lte(webhookDeliveries.next_attempt_at, now - LOST_AFTER)))
        .orderBy(asc(webhookDeliveries.next_attempt_at))
        .limit(SWEEP_MAX);
      await sendDue(rows);
      sent += rows.length;
    }
    return sent;
  },
};
