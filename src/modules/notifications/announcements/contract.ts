import { z } from "@hono/zod-openapi";
import {
  anyOf,
  Id,
  Instant,
  InstantInput,
  line,
  pageOf,
  pageQuery,
  resourceFields,
} from "../../../platform/contract.ts";
import { announcementStatuses, audiences } from "./model.ts";

const body = z
  .string()
  .trim()
  .min(1)
  .max(10_000)
  .openapi({ description: "Plain text; Markdown is passed on as it is." });
const status = z.enum(announcementStatuses);

export const Announcement = z
  .strictObject({
    ...resourceFields,
    title: z.string(),
    body: z.string(),
    audience: z.enum(audiences),
    audience_id: Id.nullable().openapi({ description: "The plan or the machine." }),
    pinned: z.boolean(),
    requires_acknowledgement: z.boolean(),
    status,
    publish_at: Instant.nullable(),
    published_at: Instant.nullable(),
    expires_at: Instant.nullable(),
    acknowledged_at: Instant.nullable().openapi({ description: "When you did." }),
    dismissed_at: Instant.nullable().openapi({ description: "When you did." }),
    counts: z
      .strictObject({ told: z.int(), acknowledged: z.int(), dismissed: z.int() })
      .nullable()
      .openapi({ description: "Staff: how many it was sent to, and what they did." }),
  })
  .openapi("Announcement");
export const AnnouncementPage = pageOf(Announcement).openapi("AnnouncementPage");

const fields = {
  title: line(200),
  body,
  pinned: z.boolean().optional(),
  requires_acknowledgement: z.boolean().optional(),
  expires_at: InstantInput.nullable().optional(),
};

export const AnnouncementInput = z
  .strictObject({
    ...fields,
    audience: z.enum(audiences).default("all"),
    audience_id: Id.nullable().default(null),
  })
  .refine((input) => (input.audience === "all") === (input.audience_id === null), {
    path: ["audience_id"],
    message: "goes with audience plan or equipment",
  })
  .openapi("AnnouncementInput");

export const AnnouncementPatch = z
  .strictObject({ ...fields, title: fields.title.optional(), body: body.optional() })
  .openapi("AnnouncementPatch", {
    description: "Once published only `pinned` and `expires_at` change: people have read the rest.",
  });

export const PublishInput = z
  .strictObject({ publish_at: InstantInput.optional().openapi({ description: "Later; now unless told." }) })
  .openapi("AnnouncementPublishInput");

export const AnnouncementQuery = z.strictObject({
  ...pageQuery,
  status: anyOf(status).openapi({
    description: "Staff: all of these, newest first. Without it what concerns you now, pinned ones first.",
  }),
});
