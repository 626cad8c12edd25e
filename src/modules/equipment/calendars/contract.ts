import { z } from "@hono/zod-openapi";
import { Id, Instant, line, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";

/** What a feed shows: one's own bookings, a machine's, or the whole makerspace's. */
export const feedScopes = ["mine", "equipment", "makerspace"] as const;

export const CalendarFeedInput = z
  .strictObject({
    scope: z.enum(feedScopes),
    equipment_id: Id.optional().openapi({ description: "The machine; with the scope `equipment` alone." }),
    name: line(120).optional().openapi({ description: "What the calendar is called; a fitting name unless told." }),
  })
  .refine(({ scope, equipment_id }) => (scope === "equipment") === (equipment_id !== undefined), {
    path: ["equipment_id"],
    message: "goes with the scope equipment, and with no other",
  })
  .openapi("CalendarFeedInput");

const fields = {
  ...resourceFields,
  name: z.string(),
  scope: z.enum(feedScopes),
  equipment_id: Id.nullable(),
  member_id: Id.openapi({ description: "Whose feed it is; it shows what they may see when it is read." }),
  status: z.enum(["active", "revoked"]),
  revoked_at: Instant.nullable(),
};

export const CalendarFeed = z.strictObject(fields).openapi("CalendarFeed");
export const CalendarFeedPage = pageOf(CalendarFeed).openapi("CalendarFeedPage");

export const NewCalendarFeed = z
  .strictObject({
    ...fields,
    url: z
      .url()
      .openapi({ description: "For a calendar program. Whoever has it reads the feed; it is shown this once." }),
  })
  .openapi("NewCalendarFeed");

export const CalendarFeedQuery = z.strictObject({
  ...pageQuery,
  member_id: Id.optional().openapi({ description: "Of one member; those of others are for staff." }),
});
