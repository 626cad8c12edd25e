import { spaceRoute } from "../../../platform/route.ts";
import { Webhook, WebhookInput, WebhookPage, WebhookPatch, WebhookQuery, WebhookWithSecret } from "./contract.ts";
import {
  createWebhook,
  deleteWebhook,
  disableWebhook,
  enableWebhook,
  listWebhooks,
  readWebhook,
  rotateSecret,
  updateWebhook,
} from "./service.ts";

const read = { tag: "notifications", permission: "webhooks.read" } as const;
const manage = { tag: "notifications", permission: "webhooks.manage" } as const;
const one = "/webhooks/{webhook_id}";

export const endpointRoutes = [
  spaceRoute(
    {
      ...read,
      operation_id: "list_webhooks",
      method: "get",
      path: "/webhooks",
      summary: "Where events go",
      query: WebhookQuery,
      response: WebhookPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listWebhooks(space, query),
  ),
  spaceRoute(
    {
      ...manage,
      operation_id: "create_webhook",
      method: "post",
      path: "/webhooks",
      summary: "Have events sent to a URL; the secret is shown once",
      description:
        "Standard Webhooks: the headers webhook-id, webhook-timestamp and webhook-signature. A 2xx within ten seconds takes an event; anything else is tried again for about two days. Redirects are not followed; 410 switches the webhook off.",
      body: WebhookInput,
      status: 201,
      response: WebhookWithSecret,
      problems: ["too_many_webhooks"],
    },
    (space, { body }) => createWebhook(space, body),
  ),
  spaceRoute(
    {
      ...read,
      operation_id: "get_webhook",
      method: "get",
      path: one,
      summary: "One webhook, without its secret",
      response: Webhook,
    },
    (space, { params }) => readWebhook(space, params.webhook_id),
  ),
  spaceRoute(
    {
      ...manage,
      operation_id: "update_webhook",
      method: "patch",
      path: one,
      summary: "Change where events go, and which",
      body: WebhookPatch,
      if_match: "optional",
      response: Webhook,
      problems: ["conflict"],
    },
    (space, { params, body, if_match }) => updateWebhook(space, params.webhook_id, if_match, body),
  ),
  spaceRoute(
    {
      ...manage,
      operation_id: "delete_webhook",
      method: "delete",
      path: one,
      summary: "Remove a webhook with its secret and its log",
      status: 204,
    },
    (space, { params }) => deleteWebhook(space, params.webhook_id),
  ),
  spaceRoute(
    {
      ...manage,
      operation_id: "rotate_webhook_secret",
      method: "post",
      path: `${one}/rotate_secret`,
      summary: "Make a new secret; for a day the one before signs as well",
      response: WebhookWithSecret,
      problems: ["conflict"],
    },
    (space, { params }) => rotateSecret(space, params.webhook_id),
  ),
  spaceRoute(
    {
      ...manage,
      operation_id: "enable_webhook",
      method: "post",
      path: `${one}/enable`,
      summary: "Send events again, from now on",
      response: Webhook,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => enableWebhook(space, params.webhook_id),
  ),
  spaceRoute(
    {
      ...manage,
      operation_id: "disable_webhook",
      method: "post",
      path: `${one}/disable`,
      summary: "Send nothing more; deliveries that wait are cancelled",
      response: Webhook,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => disableWebhook(space, params.webhook_id),
  ),
];
