import { z } from "@hono/zod-openapi";
import { Id, Instant, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";

export const Notification = z
  .strictObject({
    ...resourceFields,
    type: z.string().openapi({ example: "reservation.approved" }),
    subject: z.strictObject({ type: z.string(), id: Id }),
    data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    read_at: Instant.nullable(),
  })
  .openapi("Notification");
export const NotificationPage = pageOf(Notification).openapi("NotificationPage");
export const NotificationQuery = z.strictObject(pageQuery);
