import { spaceRoute } from "../../../platform/route.ts";
import { WebhookDelivery, WebhookDeliveryDetail, WebhookDeliveryPage, WebhookDeliveryQuery } from "./contract.ts";
import { listDeliveries, readDelivery, redeliver, testWebhook } from "./service.ts";

const read = { tag: "notifications", permission: "webhooks.read" } as const;
const send = {
  tag: "notifications",
  permission: "webhooks.manage",
  method: "post",
  idempotency: "optional",
  status: 202,
  location: "/webhooks/{webhook_id}/deliveries/{id}",
  response: WebhookDelivery,
  problems: ["illegal_transition"],
} as const;

export const deliveryRoutes = [
  spaceRoute(
    {
      ...read,
      operation_id: "list_webhook_deliveries",
      method: "get",
      path: "/webhooks/{webhook_id}/deliveries",
      summary: "What was sent to a webhook in the last thirty days, newest first",
      query: WebhookDeliveryQuery,
      response: WebhookDeliveryPage,
      problems: ["invalid_cursor"],
    },
    (space, { params, query }) => listDeliveries(space, params.webhook_id, query),
  ),
  spaceRoute(
    {
      ...read,
      operation_id: "get_webhook_delivery",
      method: "get",
      path: "/webhooks/{webhook_id}/deliveries/{delivery_id}",
      summary: "One delivery: every attempt, and heads and bodies of the last",
      response: WebhookDeliveryDetail,
    },
    (space, { params }) => readDelivery(space, params.webhook_id, params.delivery_id),
  ),
  spaceRoute(
    {
      ...send,
      operation_id: "test_webhook",
      path: "/webhooks/{webhook_id}/test",
      summary: "Send an event of type webhook.test",
    },
    (space, { params }) => testWebhook(space, params.webhook_id),
  ),
  spaceRoute(
    {
      ...send,
      operation_id: "redeliver_webhook_delivery",
      path: "/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
      summary: "Send the same event once more, under the same webhook-id",
    },
    (space, { params }) => redeliver(space, params.webhook_id, params.delivery_id),
  ),
];
