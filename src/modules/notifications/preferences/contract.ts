import { z } from "@hono/zod-openapi";
import { Instant } from "../../../platform/contract.ts";
import { typeNames } from "../catalogue.ts";
import { categories } from "../kinds.ts";
import { digests } from "../model.ts";

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be HH:MM");

const QuietHours = z
  .strictObject({ from: clock.openapi({ example: "22:00" }), to: clock.openapi({ example: "07:00" }) })
  .refine(({ from, to }) => from !== to, "must not be the same")
  .openapi("QuietHours", {
    description:
      "On your own wall clock; over midnight when `from` is later. Mail waits for the end, except for waitlist offers, what begins within two hours, machines that are down, and safety.",
  });

const both = { in_app: z.boolean(), email: z.boolean() };
const TypeChannels = z
  .strictObject({
    type: z.enum(typeNames),
    category: z.enum(categories),
    title: z.string(),
    tells: z.string().openapi({ description: "Who is told." }),
    ...both,
    urgent: z.boolean().openapi({ description: "Neither quiet hours nor a digest keep its mail waiting." }),
    required: z.boolean().openapi({ description: "It cannot be kept out of the inbox." }),
    own: z.boolean().openapi({ description: "True when you chose for this type, not for its category." }),
  })
  .openapi("TypeChannels");

export const NotificationPreferences = z
  .strictObject({
    types: z.array(TypeChannels),
    quiet_hours: QuietHours.nullable(),
    digest: z.enum(digests).openapi({ description: "Instead of single mails: at 08:00, weekly ones on Monday." }),
    timezone: z.string().openapi({ description: "Yours, or the makerspace's." }),
    updated_at: Instant.nullable(),
    version: z.int(),
  })
  .openapi("NotificationPreferences");

const said = z.boolean().nullable().optional().openapi({ description: "Null takes back what you said." });
const choice = { in_app: said, email: said };

export const NotificationPreferencesPatch = z
  .strictObject({
    categories: z
      .array(z.strictObject({ category: z.enum(categories), ...choice }))
      .max(categories.length)
      .optional(),
    types: z
      .array(z.strictObject({ type: z.enum(typeNames), ...choice }))
      .max(200)
      .optional(),
    quiet_hours: QuietHours.nullable().optional(),
    digest: z.enum(digests).optional(),
  })
  .openapi("NotificationPreferencesPatch");
