import { z } from "@hono/zod-openapi";
import { anyOf, Instant, pageOf, pageQuery, resourceFields } from "../contract.ts";
import { deliveryStatuses } from "../db/tables.ts";

export const MailDelivery = z
  .strictObject({
    ...resourceFields,
    template: z.string().openapi({ example: "invite" }),
    recipient: z.strictObject({ type: z.string(), id: z.string() }).openapi({ description: "Never an address." }),
    subject: z.strictObject({ type: z.string(), id: z.string() }).openapi({ description: "What it is about." }),
    status: z.enum(deliveryStatuses).openapi({
      description: "`failed`: no further attempt. `dropped`: nobody was to be told any more when it was due.",
    }),
    attempts: z.int(),
    next_attempt_at: Instant.nullable(),
    reason: z.string().nullable().openapi({ description: "Why the last attempt failed.", example: "smtp_451" }),
    sent_at: Instant.nullable(),
  })
  .openapi("MailDelivery");
export const MailDeliveryPage = pageOf(MailDelivery).openapi("MailDeliveryPage");

export const MailDeliveryQuery = z.strictObject({ ...pageQuery, status: anyOf(z.enum(deliveryStatuses)) });
