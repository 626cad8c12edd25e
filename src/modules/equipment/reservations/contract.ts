import { z } from "@hono/zod-openapi";
import {
  anyOf,
  ExternalId,
  Id,
  Instant,
  InstantInput,
  Metadata,
  Money,
  orNull,
  pageOf,
  pageQuery,
  prose,
  resourceFields,
} from "../../../platform/contract.ts";
import { ReasonSchema } from "../../../platform/problem-docs.ts";
import { busyCauses, cancellers, reservationStatuses } from "../model.ts";
import { BookingPrice } from "../prices/contract.ts";

const status = z.enum(reservationStatuses);
const purpose = prose(500);
const project_id = Id.nullable();
const may_move = z.boolean().openapi({
  description: "Should this machine be taken out of service, another of its kind will do.",
});

export const ReservationInput = z
  .strictObject({
    starts_at: InstantInput,
    ends_at: InstantInput,
    purpose: purpose.optional(),
    project_id: project_id.optional(),
    metadata: Metadata.default({}),
    external_id: ExternalId.nullable().default(null),
    may_move: may_move.default(false),
    hold_token: Id.nullable().default(null).openapi({
      description:
        "Of a hold that covers this time; it is used up. One's own hold is never in the way of a new booking, named or not.",
    }),
    member_id: Id.optional().openapi({ description: "Staff: on behalf of this member." }),
  })
  .refine((input) => input.ends_at > input.starts_at, { path: ["ends_at"], message: "must be after starts_at" })
  .openapi("ReservationInput");

export const ReservationPatch = z
  .strictObject({
    starts_at: InstantInput,
    ends_at: InstantInput,
    purpose,
    project_id,
    metadata: Metadata,
    external_id: ExternalId.nullable(),
    may_move,
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, "changes nothing")
  .refine((patch) => patch.starts_at === undefined || patch.ends_at === undefined || patch.ends_at > patch.starts_at, {
    path: ["ends_at"],
    message: "must be after starts_at",
  })
  .openapi("ReservationPatch");

export const NoteInput = z.strictObject({ note: prose(500).optional() }).openapi("NoteInput");
export const EmptyInput = z.strictObject({}).openapi("EmptyInput");

/** With the answer of a step that was let through. */
export const warnings = z.array(ReasonSchema).openapi({
  description:
    "In the answer to a step: what was said against the person and let them through, such as a skill that the machine only warns of.",
});

export const Reservation = z
  .strictObject({
    ...resourceFields,
    equipment_id: Id,
    status,
    starts_at: Instant,
    ends_at: Instant,
    mine: z.boolean(),
    member_id: Id.nullable().openapi({ description: "Null on others' reservations, for members." }),
    purpose: purpose,
    project_id,
    metadata: Metadata,
    external_id: z.string().nullable(),
    bundle_id: Id.nullable().openapi({ description: "Of several machines that were booked together." }),
    note: z.string().nullable(),
    created_by: z.string().nullable(),
    decided_by: z.string().nullable(),
    decided_at: Instant.nullable(),
    checked_in_at: Instant.nullable(),
    counted_minutes: z.int().nullable().openapi({
      description: "What it counts against the hours of its holder's plan; null on others' reservations, for members.",
    }),
    expires_at: Instant.nullable().openapi({ description: "When a pending reservation lapses." }),
    price: orNull(BookingPrice).openapi({
      description: "As it was made; null where nothing is charged, and on others' reservations, for members.",
    }),
    fee: orNull(Money).openapi({ description: "Owed for a late cancellation or for not coming; staff may excuse it." }),
    may_move,
    cancelled_by: z.enum(cancellers).nullable().openapi({
      description:
        "Who or what it was cancelled by: `standing` is a lost membership or skill. Nobody pays for what an outage ended.",
    }),
    outage_id: Id.nullable().openapi({ description: "The outage that it gave way to." }),
    moved_to: Id.nullable().openapi({ description: "The booking on another machine that it went on as." }),
    moved_from: Id.nullable(),
    makerspace_id: Id,
    series_id: Id.nullable().openapi({ description: "The series it belongs to." }),
    orphan: z
      .literal(true)
      .optional()
      .openapi({ description: "Staff: the machine does not know it; it holds no time." }),
    warnings: warnings.optional(),
  })
  .openapi("Reservation");
export const ReservationPage = pageOf(Reservation).openapi("ReservationPage");

const range = {
  starts_from: InstantInput.optional().openapi({ description: "Inclusive." }),
  starts_to: InstantInput.optional().openapi({ description: "Exclusive." }),
};

/** Shared by the lists that are projections. */
export const orphansQuery = z.enum(["exclude", "include"]).default("exclude").openapi({
  description: "Staff: rows that no machine knows any more, kept for inspection.",
});

export const MachineScheduleQuery = z.strictObject({ ...pageQuery, ...range, status: anyOf(status) });

export const ReservationQuery = z.strictObject({
  ...pageQuery,
  ...range,
  member_id: Id.optional().openapi({ description: "`me` works; others need staff permission." }),
  equipment_id: anyOf(Id),
  status: anyOf(status),
  external_id: ExternalId.optional().openapi({ description: "At most one has it; with no other filter." }),
  orphans: orphansQuery,
  updated_since: InstantInput.optional().openapi({
    description: "Oldest change first; not together with other filters.",
  }),
  sort: z.enum(["starts_at", "-starts_at"]).default("starts_at"),
});

export const MyReservationQuery = z.strictObject({
  ...pageQuery,
  ...range,
  status: anyOf(status),
  sort: z.enum(["starts_at", "-starts_at"]).default("starts_at"),
});

export const AvailabilityQuery = z
  .strictObject({ from: InstantInput, to: InstantInput })
  .refine((query) => query.to > query.from, { path: ["to"], message: "must be after from" })
  .refine((query) => query.to - query.from <= 93 * 86_400_000, {
    path: ["to"],
    message: "is more than 93 days after from",
  });

export const Availability = z
  .strictObject({
    equipment_id: Id,
    from: Instant,
    to: Instant.openapi({
      description: "Where the answer ends: as asked, or sooner when 10,000 bookings lie before it. Go on from there.",
    }),
    free: z.array(z.strictObject({ starts_at: Instant, ends_at: Instant })),
    busy: z.array(z.strictObject({ starts_at: Instant, ends_at: Instant, because: z.enum(busyCauses) })),
  })
  .openapi("Availability");
