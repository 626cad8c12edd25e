/** Webhooks: events for the world outside, pushed to receivers or read as a feed. */

import { deliveryRoutes } from "./deliveries/routes.ts";
import { endpointRoutes } from "./endpoints/routes.ts";
import { feedRoutes } from "./feed/routes.ts";

export type { WebhookEventType } from "./events.ts";
export { webhookDocuments } from "./feed/contract.ts";
export { webhookPersonalData } from "./personal.ts";
export { publicEventConsumers } from "./sending/publish.ts";
export { deliverBatch, sweepDeliveries } from "./sending/queue.ts";
export { tidyWebhooks } from "./sending/tidy.ts";

export const webhookRoutes = [...endpointRoutes, ...deliveryRoutes, ...feedRoutes];
