import { z } from "@hono/zod-openapi";
import {
  anyOf,
  Id,
  Instant,
  InstantInput,
  orNull,
  pageOf,
  pageQuery,
  prose,
  resourceFields,
} from "../../../platform/contract.ts";
import { outputQualities } from "../model.ts";
import { BookingPrice } from "../prices/contract.ts";
import { orphansQuery, warnings } from "../reservations/contract.ts";

export const SessionInput = z
  .strictObject({
    reservation_id: Id.optional().openapi({ description: "A booked session." }),
    planned_minutes: z
      .int()
      .min(1)
      .max(43_200)
      .optional()
      .openapi({ description: "A walk-up; it ends before the next booking." }),
    project_id: Id.nullable().optional(),
    member_id: Id.optional().openapi({ description: "Staff: on behalf of this member." }),
  })
  .refine((input) => (input.reservation_id === undefined) !== (input.planned_minutes === undefined), {
    message: "needs either reservation_id or planned_minutes",
  })
  .openapi("SessionInput");

export const SessionEndInput = z
  .strictObject({
    job_successful: z.boolean().nullable().optional(),
    output_quality: z.enum(outputQualities).nullable().optional(),
    notes: prose(2_000).optional(),
  })
  .openapi("SessionEndInput");

export const Session = z
  .strictObject({
    ...resourceFields,
    equipment_id: Id,
    member_id: Id,
    reservation_id: Id.nullable(),
    project_id: Id.nullable(),
    status: z.enum(["active", "completed"]),
    started_at: Instant,
    planned_ends_at: Instant,
    ended_at: Instant.nullable(),
    ended_by: z.string().nullable(),
    overrun: z.boolean().openapi({ description: "It ran past its plan." }),
    collides_with: Id.nullable().openapi({ description: "The booking it runs into." }),
    job_successful: z.boolean().nullable(),
    output_quality: z.enum(outputQualities).nullable(),
    notes: z.string().nullable(),
    counted_minutes: z.int().openapi({
      description: "What a walk-up counts against the hours of the plan; 0 for a booked session, whose booking counts.",
    }),
    price: orNull(BookingPrice).openapi({
      description: "Of a walk-up, for the time that is planned; null where nothing is charged.",
    }),
    orphan: z.literal(true).optional().openapi({ description: "Staff: the machine does not know it." }),
    warnings: warnings.optional(),
  })
  .openapi("Session");
export const SessionPage = pageOf(Session).openapi("SessionPage");

export const SessionQuery = z.strictObject({
  ...pageQuery,
  member_id: Id.optional().openapi({ description: "`me` works; others need staff permission." }),
  equipment_id: anyOf(Id),
  status: anyOf(z.enum(["active", "completed"])),
  orphans: orphansQuery,
  started_from: InstantInput.optional().openapi({ description: "Inclusive." }),
  started_to: InstantInput.optional().openapi({ description: "Exclusive." }),
  sort: z.enum(["started_at", "-started_at"]).default("-started_at"),
});
