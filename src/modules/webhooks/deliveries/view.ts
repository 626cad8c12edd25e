import type { z } from "@hono/zod-openapi";
import { toIso } from "../../../platform/time.ts";
import type { Attempt } from "../model.ts";
import type { KeptAnswer } from "../sending/request.ts";
import type { webhookDeliveries } from "../tables.ts";
import type { WebhookDelivery, WebhookDeliveryDetail } from "./contract.ts";

export type DeliveryRow = typeof webhookDeliveries.$inferSelect;
/** What a list reads: bodies stay where they are. */
export type DeliverySummary = Omit<DeliveryRow, "body" | "request" | "response">;

/** Row → JSON. */
export function viewDelivery(row: DeliverySummary): z.output<typeof WebhookDelivery> {
  const last = (row.log as Attempt[]).at(-1);
  return {
    id: row.id,
    webhook_id: row.webhook_id,
    event_id: row.event_id,
    type: row.type,
    status: row.status,
    attempts: row.attempts,
    next_attempt_at: row.status === "pending" ? toIso(row.next_attempt_at) : null,
    last_status_code: last?.status_code ?? null,
    last_error: last?.error ?? null,
    redelivery_of: row.redelivery_of,
    created_at: toIso(row.created_at),
    updated_at: toIso(row.updated_at),
    version: row.version,
  };
}

const pairs = (headers: Record<string, string>) => Object.entries(headers).map(([name, value]) => ({ name, value }));

/** The same with heads and bodies. */
export function viewDeliveryDetail(row: DeliveryRow): z.output<typeof WebhookDeliveryDetail> {
  const request = row.request as { url: string; headers: Record<string, string> } | null;
  const response = row.response as KeptAnswer | null;
  return {
    ...viewDelivery(row),
    log: (row.log as Attempt[]).map((attempt) => ({ ...attempt, at: toIso(attempt.at) })),
    request: request && { url: request.url, headers: pairs(request.headers), body: row.body },
    response: response && { ...response, headers: pairs(response.headers) },
  };
}
