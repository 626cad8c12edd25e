/** One attempt at a delivery: claimed, signed, sent, written down. */

import { and, eq, isNotNull, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { newId } from "../../../platform/ids.ts";
import { describeError, log } from "../../../platform/log.ts";
import { claimOf, isSpent, waitAfter } from "../../../platform/ops/tries.ts";
import { Problem } from "../../../platform/problem.ts";
import { openSecret } from "../../../platform/secrets.ts";
import { systemSpace } from "../../../platform/system-space.ts";
import { type Attempt, type DisabledCause, deliveryTries } from "../model.ts";
import { webhookDeliveries, webhooks } from "../tables.ts";
import { type Outcome, sendOnce } from "./request.ts";
import { signedHeaders } from "./signing.ts";

type Delivery = typeof webhookDeliveries.$inferSelect;
type Webhook = typeof webhooks.$inferSelect;

/** Names a secret of a webhook among the sealed. */
export const secretRef = (webhook_id: string, which: "current" | "previous" = "current") => ({
  place: "webhook",
  name: which === "current" ? webhook_id : `${webhook_id}.previous`,
});

const thisDelivery = (store: SpaceStore, id: string) => store.in(webhookDeliveries, eq(webhookDeliveries.id, id));

/** Of two that try, one gets it. */
async function claim(store: SpaceStore, id: string, now: number): Promise<Delivery | null> {
  const { set, isFree } = claimOf(webhookDeliveries, deliveryTries, now);
  const [row] = await store.db
    .update(webhookDeliveries)
    .set({ ...set, first_attempt_at: sql`coalesce(${webhookDeliveries.first_attempt_at}, ${now})` })
    .where(isFree(thisDelivery(store, id), eq(webhookDeliveries.status, "pending")))
    .returning();
  return row ?? null;
}

async function secretsOf(store: SpaceStore, { id, previous_secret_until }: Webhook, now: number): Promise<string[]> {
  const isOverlap = previous_secret_until !== null && previous_secret_until > now;
  const found = await Promise.all([
    openSecret(store, secretRef(id)),
    isOverlap ? openSecret(store, secretRef(id, "previous")) : null,
  ]);
  return found.filter((secret) => secret !== null);
}

/** Switches a webhook off, with everything that waits for it, and says so. Who was faster has done it. */
async function disable(store: SpaceStore, { id, version }: Webhook, because: DisabledCause, now: number) {
  const space = systemSpace(store, null, { actor_id: "webhooks", request_id: newId(), now });
  try {
    await space.commit(
      {
        action: "webhook.disabled",
        subject: { type: "webhook", id, version: version + 1 },
        before: { status: "enabled" },
        after: { status: "disabled", because },
        events: [{ type: "webhook.disabled", data: { because } }],
      },
      write(
        store.db
          .update(webhooks)
          .set({ status: "disabled", disabled_because: because, updated_at: now, version: version + 1 })
          .where(
            store.in(webhooks, eq(webhooks.id, id), eq(webhooks.status, "enabled"), eq(webhooks.version, version)),
          ),
        { expect: "conflict" },
      ),
      write(
        store.db
          .update(webhookDeliveries)
          .set({ status: "cancelled", updated_at: now, version: sql`${webhookDeliveries.version} + 1` })
          .where(
            store.in(webhookDeliveries, eq(webhookDeliveries.webhook_id, id), eq(webhookDeliveries.status, "pending")),
          ),
      ),
    );
  } catch (error) {
    if (!(error instanceof Problem && error.code === "conflict")) throw error;
  }
}

/** Notes on the webhook whether its receiver answers. */
async function noteHealth(store: SpaceStore, webhook_id: string, isWell: boolean, now: number): Promise<void> {
  const mine = store.in(webhooks, eq(webhooks.id, webhook_id));
  const { failing_since } = webhooks;
  await (isWell
    ? store.db
        .update(webhooks)
        .set({ failing_since: null })
        .where(and(mine, isNotNull(failing_since)))
    : store.db
        .update(webhooks)
        .set({ failing_since: now })
        .where(and(mine, sql`${failing_since} IS NULL`)));
}

interface Sent extends Outcome {
  headers: Record<string, string>;
  at: number;
  ms: number;
}

/** Writes down what became of an attempt. @returns milliseconds until the next one, or null when there is none. */
async function settle(store: SpaceStore, delivery: Delivery, url: string, sent: Sent): Promise<number | null> {
  const now = Date.now();
  const { error, answer, headers, at, ms } = sent;
  const wait = error === null ? null : waitAfter(deliveryTries, delivery.attempts);
  const status = error === null ? "delivered" : wait === null ? "failed" : "pending";
  const attempt: Attempt = { at, status_code: answer?.status_code ?? null, error, ms };
  await store.db
    .update(webhookDeliveries)
    .set({
      status,
      log: [...(delivery.log as Attempt[]), attempt],
      request: { url, headers },
      response: answer,
      next_attempt_at: now + (wait ?? 0),
      updated_at: now,
      version: delivery.version + 1,
    })
    // Cancelled or taken over meanwhile: that stands.
    .where(and(thisDelivery(store, delivery.id), eq(webhookDeliveries.version, delivery.version)));
  return wait;
}

async function webhookOf(store: SpaceStore, id: string): Promise<Webhook | null> {
  const [row] = await store.db
    .select()
    .from(webhooks)
    .where(store.in(webhooks, eq(webhooks.id, id)));
  return row ?? null;
}

/** Switches a webhook off that said so itself, or that took nothing since this delivery was first tried. */
async function judge(store: SpaceStore, delivery: Delivery, gone: boolean, isLast: boolean): Promise<void> {
  const webhook = await webhookOf(store, delivery.webhook_id);
  if (webhook?.status !== "enabled") return;
  const { failing_since } = webhook;
  const isFailing =
    isLast && failing_since !== null && failing_since <= (delivery.first_attempt_at ?? 0) + deliveryTries.lease;
  if (gone || isFailing) await disable(store, webhook, gone ? "gone" : "failing", Date.now());
}

/** One request. What goes wrong in this house, such as a secret that does not open, uses up the attempt like all else. */
async function tryOnce(
  store: SpaceStore,
  delivery: Delivery,
  webhook: Webhook,
  at: number,
): Promise<{ headers: Record<string, string>; outcome: Outcome }> {
  if (isSpent(deliveryTries, delivery.attempts))
    return { headers: {}, outcome: { error: "interrupted", answer: null } };
  try {
    const secrets = await secretsOf(store, webhook, at);
    const headers = await signedHeaders(delivery.event_id, delivery.body, secrets, at);
    return { headers, outcome: await sendOnce(webhook.url, headers, delivery.body) };
  } catch (error) {
    log.error("webhook_attempt_failed", { makerspace_id: store.makerspace_id, error: describeError(error) });
    return { headers: {}, outcome: { error: "internal", answer: null } };
  }
}

/**
 * Attempts a delivery, unless somebody is at it or its time has not come.
 * @returns milliseconds until the next attempt, or null when there is none.
 */
export async function attemptDelivery(store: SpaceStore, id: string): Promise<number | null> {
  const at = Date.now();
  const delivery = await claim(store, id, at);
  if (!delivery) return null;
  const webhook = await webhookOf(store, delivery.webhook_id);
  if (webhook?.status !== "enabled") {
    await store.db
      .update(webhookDeliveries)
      .set({ status: "cancelled", updated_at: at })
      .where(thisDelivery(store, id));
    return null;
  }
  const { headers, outcome } = await tryOnce(store, delivery, webhook, at);
  const wait = await settle(store, delivery, webhook.url, { ...outcome, headers, at, ms: Date.now() - at });
  await noteHealth(store, webhook.id, outcome.error === null, at);
  if (outcome.error !== null) await judge(store, delivery, outcome.answer?.status_code === 410, wait === null);
  return wait;
}
