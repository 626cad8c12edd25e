import { z } from "@hono/zod-openapi";
import { anyOf, Id, Instant, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";
import { deliveryStatuses } from "../model.ts";

const status = z.enum(deliveryStatuses);

const summary = {
  ...resourceFields,
  webhook_id: Id,
  event_id: z.string().openapi({ description: "The header webhook-id of every attempt." }),
  type: z.string(),
  status,
  attempts: z.int(),
  next_attempt_at: Instant.nullable(),
  last_status_code: z.int().nullable(),
  last_error: z.string().nullable().openapi({
    example: "timeout",
    description: "`timeout`, `unreachable`, `unresolved`, `forbidden_target`, `redirect`, `status_…`",
  }),
  redelivery_of: Id.nullable(),
};

export const WebhookDelivery = z.strictObject(summary).openapi("WebhookDelivery");
export const WebhookDeliveryPage = pageOf(WebhookDelivery).openapi("WebhookDeliveryPage");

/** Header name → value, as pairs: names are not ours. */
const headers = z.array(z.strictObject({ name: z.string(), value: z.string() }));

export const WebhookDeliveryDetail = z
  .strictObject({
    ...summary,
    log: z.array(
      z.strictObject({
        at: Instant,
        status_code: z.int().nullable(),
        error: z.string().nullable(),
        ms: z.number(),
      }),
    ),
    request: z.strictObject({ url: z.string(), headers, body: z.string() }).nullable(),
    response: z
      .strictObject({ status_code: z.int(), headers, body: z.string(), truncated: z.boolean() })
      .nullable()
      .openapi({ description: "The last answer, its body up to 64 KiB." }),
  })
  .openapi("WebhookDeliveryDetail");

export const WebhookDeliveryQuery = z.strictObject({ ...pageQuery, status: anyOf(status) });
