import { z } from "@hono/zod-openapi";
import { anyOf, Id, Instant, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";

export const Notification = z
  .strictObject({
    ...resourceFields,
    makerspace_id: Id,
    type: z.string().openapi({ example: "reservation.approved" }),
    category: z.string().openapi({ example: "booking" }),
    title: z.string().openapi({ example: "Your booking was approved" }),
    subject: z.strictObject({ type: z.string(), id: Id }),
    data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    read_at: Instant.nullable(),
    archived: z.boolean(),
  })
  .openapi("Notification");
export const NotificationPage = pageOf(Notification).openapi("NotificationPage");

export const NotificationQuery = z.strictObject({
  ...pageQuery,
  unread: z
    .enum(["true", "false"])
    .optional()
    .openapi({ description: "Only unread ones, or only those that were read." }),
  archived: z.enum(["true", "false"]).default("false"),
  type: anyOf(z.string().max(80)).openapi({ description: "Any of these types." }),
});

export const UnreadCount = z
  .strictObject({ unread: z.int().openapi({ description: "At most 1,000: there may be more." }) })
  .openapi("UnreadCount");

export const ReadAllInput = z
  .strictObject({
    up_to: Id.optional().openapi({ description: "The newest one that was seen; those after it stay unread." }),
  })
  .openapi("ReadAllInput");
