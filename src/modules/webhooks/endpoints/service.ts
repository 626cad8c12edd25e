/** Webhooks: where events of the makerspace go. */

import type { z } from "@hono/zod-openapi";
import { asc, eq, gt, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { config } from "../../../platform/env.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import { dropSecret, keepSecret, openSecret } from "../../../platform/secrets.ts";
import type { Space } from "../../../platform/space.ts";
import { PREVIOUS_SECRET_LIVES, targetFault } from "../model.ts";
import { secretRef } from "../sending/attempt.ts";
import { newWebhookSecret } from "../sending/signing.ts";
import { webhookDeliveries, webhooks } from "../tables.ts";
import type { Webhook, WebhookInput, WebhookPatch, WebhookQuery, WebhookWithSecret } from "./contract.ts";
import { viewWebhook, type WebhookRow } from "./view.ts";

type View = z.output<typeof Webhook>;

/** @throws invalid_body */
function refuseTarget(url: string): void {
  const fault = targetFault(url, config.WEBHOOK_ORIGINS);
  if (fault !== null)
    throw problem("invalid_body", { errors: [{ pointer: "/url", code: "forbidden_target", detail: fault }] });
}

/** One webhook. @throws not_found */
export async function findWebhook(space: Space, id: string): Promise<WebhookRow> {
  const [row] = await space.db
    .select()
    .from(webhooks)
    .where(space.store.in(webhooks, eq(webhooks.id, id)));
  if (!row) throw problem("not_found");
  return row;
}

export const readWebhook = async (space: Space, id: string): Promise<View> =>
  viewWebhook(await findWebhook(space, id), space.now);

/** Oldest first. */
export async function listWebhooks(space: Space, query: z.output<typeof WebhookQuery>): Promise<Page<View>> {
  const after = readCursor(query.cursor, "webhooks");
  const rows = await space.db
    .select()
    .from(webhooks)
    .where(space.store.in(webhooks, after ? gt(webhooks.id, after.id) : undefined))
    .orderBy(asc(webhooks.id))
    .limit(query.limit + 1);
  return toPage(
    rows,
    query.limit,
    "webhooks",
    (row) => ({ value: row.id, id: row.id }),
    (row) => viewWebhook(row, space.now),
  );
}

/**
 * Adds a webhook; its secret is shown in this answer alone.
 * @throws invalid_body for a target that is not public; too_many_webhooks
 */
export async function createWebhook(
  space: Space,
  input: z.output<typeof WebhookInput>,
): Promise<z.output<typeof WebhookWithSecret>> {
  refuseTarget(input.url);
  const secret = newWebhookSecret();
  const row: WebhookRow = space.store.row({
    id: newId(),
    url: input.url,
    description: input.description ?? null,
    events: [...new Set(input.events)],
    status: "enabled" as const,
    disabled_because: null,
    failing_since: null,
    previous_secret_until: null,
    created_by: space.actor.id,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  await space.commit(
    {
      action: "webhook.created",
      subject: { type: "webhook", id: row.id, version: 1 },
      after: { origin: new URL(row.url).origin, events: row.events },
    },
    // A trigger refuses one too many in these words.
    write(space.db.insert(webhooks).values(row), { expect: "too_many_webhooks" }),
    await keepSecret(space.store, secretRef(row.id), secret, { now: space.now }),
  );
  return { ...viewWebhook(row, space.now), secret };
}

/** Writes a change of one version, or nothing. */
async function change(
  space: Space,
  before: WebhookRow,
  set: Partial<WebhookRow>,
  { action, after, expect }: { action: string; after: unknown; expect: "conflict" | "stale_version" },
  ...more: Write[]
): Promise<View> {
  const version = before.version + 1;
  await space.commit(
    {
      action,
      subject: { type: "webhook", id: before.id, version },
      before: { status: before.status },
      after,
    },
    write(
      space.db
        .update(webhooks)
        .set({ ...set, updated_at: space.now, version })
        .where(space.store.in(webhooks, eq(webhooks.id, before.id), eq(webhooks.version, before.version))),
      { expect },
    ),
    ...more,
  );
  return viewWebhook({ ...before, ...set, updated_at: space.now, version }, space.now);
}

/** Merges. @throws not_found, invalid_body, stale_version, conflict */
export async function updateWebhook(
  space: Space,
  id: string,
  if_match: number | null,
  patch: z.output<typeof WebhookPatch>,
): Promise<View> {
  const before = await findWebhook(space, id);
  if (if_match !== null && if_match !== before.version) throw problem("stale_version");
  if (patch.url !== undefined) refuseTarget(patch.url);
  return change(space, before, definedOnly(patch), {
    action: "webhook.updated",
    after: { changed: Object.keys(patch) },
    expect: if_match === null ? "conflict" : "stale_version",
  });
}

/** Deletes it with its secrets and its log. @throws not_found */
export async function deleteWebhook(space: Space, id: string): Promise<void> {
  const { version } = await findWebhook(space, id);
  const { store } = space;
  await space.commit(
    { action: "webhook.deleted", subject: { type: "webhook", id, version: version + 1 } },
    write(store.db.delete(webhookDeliveries).where(store.in(webhookDeliveries, eq(webhookDeliveries.webhook_id, id)))),
    write(store.db.delete(webhooks).where(store.in(webhooks, eq(webhooks.id, id))), { expect: "not_found" }),
    dropSecret(store, secretRef(id)),
    dropSecret(store, secretRef(id, "previous")),
  );
}

/** Makes a new secret; the one before signs as well for a day. @throws not_found, conflict */
export async function rotateSecret(space: Space, id: string): Promise<z.output<typeof WebhookWithSecret>> {
  const before = await findWebhook(space, id);
  const [secret, old] = [newWebhookSecret(), await openSecret(space.store, secretRef(id))];
  const { now } = space;
  const keep = [
    ...(old === null ? [] : [await keepSecret(space.store, secretRef(id, "previous"), old, { now })]),
    await keepSecret(space.store, secretRef(id), secret, { now }),
  ];
  const set = { previous_secret_until: now + PREVIOUS_SECRET_LIVES };
  const rotated = { action: "webhook.secret_rotated", after: {}, expect: "conflict" } as const;
  return { ...(await change(space, before, set, rotated, ...keep)), secret };
}

/** Sends again from now on. @throws not_found, illegal_transition, conflict */
export async function enableWebhook(space: Space, id: string): Promise<View> {
  const before = await findWebhook(space, id);
  if (before.status === "enabled") throw problem("illegal_transition", { current_status: before.status });
  const set = { status: "enabled", disabled_because: null, failing_since: null } as const;
  return change(space, before, set, { action: "webhook.enabled", after: { status: "enabled" }, expect: "conflict" });
}

/** Sends nothing more; what waits is cancelled. @throws not_found, illegal_transition, conflict */
export async function disableWebhook(space: Space, id: string): Promise<View> {
  const before = await findWebhook(space, id);
  if (before.status === "disabled") throw problem("illegal_transition", { current_status: before.status });
  const { store, now } = space;
  const waiting = store.in(
    webhookDeliveries,
    eq(webhookDeliveries.webhook_id, id),
    eq(webhookDeliveries.status, "pending"),
  );
  return change(
    space,
    before,
    { status: "disabled", disabled_because: "staff" },
    { action: "webhook.disabled", after: { status: "disabled", because: "staff" }, expect: "conflict" },
    write(
      store.db
        .update(webhookDeliveries)
        .set({ status: "cancelled", updated_at: now, version: sql`${webhookDeliveries.version} + 1` })
        .where(waiting),
    ),
  );
}
