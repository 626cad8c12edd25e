/** Events of the webhooks module. */

import type { DisabledCause } from "./model.ts";

declare module "../../platform/events.ts" {
  interface EventCatalogue {
    "webhook.disabled": { because: DisabledCause };
  }
}

export type WebhookEventType = "webhook.disabled";
