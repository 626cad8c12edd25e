import { z } from "@hono/zod-openapi";
import { anyOf, pageQuery } from "../../../platform/contract.ts";
import { eventFields, publicEvents, publicEventTypes } from "../public.ts";

export const PublicEvent = z
  .strictObject({
    ...eventFields,
    type: z.enum(publicEventTypes),
    data: z.record(z.string(), z.unknown()).openapi({ description: "By type: see the document's `webhooks`." }),
  })
  .openapi("PublicEvent");

export const PublicEventPage = z
  .strictObject({
    data: z.array(PublicEvent),
    next_cursor: z.string().nullable().openapi({ description: "`after` of the next page; null at the end." }),
  })
  .openapi("PublicEventPage");

export const EventQuery = z.strictObject({
  limit: pageQuery.limit,
  after: z
    .string()
    .max(120)
    .optional()
    .openapi({ description: "The `id` of the last event you have; without it from the oldest that is kept." }),
  type: anyOf(z.enum(publicEventTypes), 100).openapi({ description: "Any of these types." }),
});

const headers = z.object({
  "webhook-id": z.string().openapi({ description: "The event's id; the same in every attempt." }),
  "webhook-timestamp": z.string().openapi({ description: "Seconds since 1970; refuse what is older than 5 minutes." }),
  "webhook-signature": z.string().openapi({
    description:
      "`v1,<base64 of HMAC-SHA256(secret, id.timestamp.body)>`; two, apart by a space, while a secret is rotated.",
  }),
});

/** What each type of event looks like when it arrives: the document's `webhooks`. */
export const webhookDocuments = publicEventTypes.map((type) => {
  const { about, data } = publicEvents[type];
  const name = type
    .split(/[._]/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
  const schema = z
    .strictObject({ ...eventFields, type: z.literal(type), data: z.strictObject(data.shape) })
    .openapi(`${name}Event`);
  return {
    method: "post" as const,
    path: type,
    operationId: `on_${type.replaceAll(".", "_")}`,
    tags: ["notifications"],
    summary: about,
    // The signature says who sends; a receiver gives us no credentials.
    security: [],
    request: { headers, body: { required: true, content: { "application/json": { schema } } } },
    responses: {
      "2XX": { description: "Taken. Anything else, or nothing within ten seconds, is tried again." },
      "410": { description: "Gone: the webhook is switched off." },
    },
  };
});
