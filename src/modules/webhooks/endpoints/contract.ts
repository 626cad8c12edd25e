import { z } from "@hono/zod-openapi";
import { Instant, pageOf, pageQuery, prose, resourceFields } from "../../../platform/contract.ts";
import { disabledCauses, webhookStatuses } from "../model.ts";
import { publicEventTypes } from "../public.ts";

const url = z.string().trim().max(2_000).openapi({
  description: "https, port 443, a public name.",
  example: "https://hooks.makers.example.org/makrcave",
});
const events = z
  .array(z.enum(["*", ...publicEventTypes]))
  .min(1)
  .max(100)
  .openapi({ description: "`*` is every type, those to come included." });

export const Webhook = z
  .strictObject({
    ...resourceFields,
    url: z.string(),
    description: z.string().nullable(),
    events: z.array(z.string()),
    status: z.enum(webhookStatuses),
    disabled_because: z.enum(disabledCauses).nullable().openapi({
      description: "`gone`: the receiver answered 410. `failing`: nothing was taken for about two days.",
    }),
    failing_since: Instant.nullable().openapi({ description: "The first failed attempt since the last success." }),
    previous_secret_until: Instant.nullable().openapi({ description: "Until then the secret before signs as well." }),
  })
  .openapi("Webhook");
export const WebhookPage = pageOf(Webhook).openapi("WebhookPage");

export const WebhookWithSecret = Webhook.extend({
  secret: z.string().openapi({
    description: "Shown this once: Standard Webhooks, HMAC-SHA256.",
    example: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  }),
})
  .strict()
  .openapi("WebhookWithSecret");

export const WebhookInput = z.strictObject({ url, events, description: prose(200).optional() }).openapi("WebhookInput");
export const WebhookPatch = z
  .strictObject({ url: url.optional(), events: events.optional(), description: prose(200).optional() })
  .openapi("WebhookPatch");
export const WebhookQuery = z.strictObject(pageQuery);
