import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { webhooks } from "../tables.ts";
import type { Webhook } from "./contract.ts";

export type WebhookRow = typeof webhooks.$inferSelect;

/** Row → JSON; a secret that no longer signs is not spoken of. */
export const viewWebhook = (row: WebhookRow, now: number): z.output<typeof Webhook> => ({
  id: row.id,
  url: row.url,
  description: row.description,
  events: row.events as string[],
  status: row.status,
  disabled_because: row.disabled_because,
  failing_since: toIsoOrNull(row.failing_since),
  previous_secret_until: toIsoOrNull((row.previous_secret_until ?? 0) > now ? row.previous_secret_until : null),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
