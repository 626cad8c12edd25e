/** Webhooks and their deliveries, as staff handle them, and time that passes for them. */

import { env } from "cloudflare:workers";
import { deliver } from "./background.ts";
import { type TestSpace, until } from "./space.ts";
import type { Webhook, WebhookDelivery, WebhookDeliveryDetail, WebhookWithSecret } from "./wire.ts";

export const hook = (space: TestSpace, url: string, events = ["*"]): Promise<WebhookWithSecret> =>
  space.root.post<WebhookWithSecret>(space.path("/webhooks"), { url, events });

export const readHook = (space: TestSpace, { id }: { id: string }): Promise<Webhook> =>
  space.root.get<Webhook>(space.path(`/webhooks/${id}`));

export const deliveriesOf = (space: TestSpace, { id }: { id: string }, query = ""): Promise<WebhookDelivery[]> =>
  space.root.all<WebhookDelivery>(space.path(`/webhooks/${id}/deliveries${query}`));

export const tryOut = (space: TestSpace, { id }: { id: string }): Promise<WebhookDelivery> =>
  space.root.post<WebhookDelivery>(space.path(`/webhooks/${id}/test`));

/** Waits until a delivery has been tried this often. */
export const tried = (space: TestSpace, { webhook_id, id }: WebhookDelivery, times: number, seconds = 20) =>
  until(
    `attempt ${times}`,
    async () => {
      const found = await space.root.get<WebhookDeliveryDetail>(space.path(`/webhooks/${webhook_id}/deliveries/${id}`));
      return found.log.length >= times && found;
    },
    seconds,
  );

/** Makes its time come, and has it attempted once more. */
export async function tryAgain(space: TestSpace, { id }: WebhookDelivery): Promise<void> {
  await env.DB_000.prepare("UPDATE webhook_deliveries SET next_attempt_at = 0 WHERE makerspace_id = ? AND id = ?")
    .bind(space.id, id)
    .run();
  await deliver([{ makerspace_id: space.id, delivery_id: id }], "makrcave-webhooks");
}
