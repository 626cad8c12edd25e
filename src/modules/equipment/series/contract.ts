import { z } from "@hono/zod-openapi";
import { anyOf, Id, Instant, pageOf, pageQuery, prose, resourceFields } from "../../../platform/contract.ts";
import { ReasonSchema } from "../../../platform/problem-docs.ts";
import { isTimeZone } from "../../../platform/time.ts";
import { seriesScopes, seriesStatuses } from "../model.ts";
import { Reservation } from "../reservations/contract.ts";
import { MAX_INSTANCES } from "./recurrence.ts";

const Rrule = z
  .string()
  .trim()
  .min(1)
  .max(300)
  .openapi({
    description: `RFC 5545: FREQ=DAILY, WEEKLY or MONTHLY with INTERVAL, BYDAY, BYMONTHDAY, and COUNT or UNTIL; at most ${MAX_INSTANCES} bookings.`,
    example: "FREQ=WEEKLY;BYDAY=SU;COUNT=10",
  });
const LocalStart = z
  .string()
  .regex(/^20\d\d-\d\d-\d\dT\d\d:\d\d(:00)?$/)
  .openapi({ description: "On the wall clock of the zone.", example: "2027-03-14T18:00" });
const duration_minutes = z.int().min(1).max(43_200);
const timezone = z
  .string()
  .max(60)
  .refine(isTimeZone, "names no time zone")
  .openapi({ description: "IANA; the makerspace's unless told.", example: "Europe/Berlin" });
const purpose = prose(500);
const project_id = Id.nullable();

export const SeriesInput = z
  .strictObject({
    rrule: Rrule,
    local_start: LocalStart,
    duration_minutes,
    timezone: timezone.optional(),
    on_conflict: z.enum(["fail", "skip"]).default("fail").openapi({
      description: "fail: all bookings or none. skip: those that can be, with a report on the others.",
    }),
    purpose: purpose.optional(),
    project_id: project_id.optional(),
    member_id: Id.optional().openapi({ description: "Staff: on behalf of this member." }),
  })
  .openapi("SeriesInput");

const SeriesConflict = z
  .strictObject({
    starts_at: Instant,
    ends_at: Instant,
    code: z.string().openapi({ description: "As a single booking would be refused." }),
    reasons: z.array(ReasonSchema),
    conflicts_with: z
      .strictObject({ starts_at: Instant, ends_at: Instant })
      .optional()
      .openapi({ description: "When the machine is held; never by whom." }),
  })
  .openapi("SeriesConflict");

const seriesFields = {
  ...resourceFields,
  makerspace_id: Id,
  equipment_id: Id,
  member_id: Id,
  mine: z.boolean(),
  status: z.enum(seriesStatuses),
  rrule: z.string(),
  local_start: z.string(),
  timezone: z.string(),
  duration_minutes: z.int(),
  starts_at: Instant.openapi({ description: "Of its first booking." }),
  ends_at: Instant.openapi({ description: "Of its last booking." }),
  purpose,
  project_id,
  created_by: z.string(),
  continues: Id.nullable().openapi({ description: "The series that this one goes on from." }),
};

export const Series = z.strictObject(seriesFields).openapi("Series");
export const SeriesPage = pageOf(Series).openapi("SeriesPage");

/** One series, with its bookings by start. */
export const SeriesDetail = z
  .strictObject({ ...seriesFields, reservations: z.array(Reservation) })
  .openapi("SeriesDetail");

export const SeriesMade = z
  .strictObject({
    id: Id,
    series_id: Id,
    version: z.int(),
    booked: z.array(Reservation),
    conflicts: z.array(SeriesConflict).openapi({ description: "With `skip`: those that were not booked, and why." }),
  })
  .openapi("SeriesMade");

const scope = z.enum(seriesScopes).openapi({
  description: "`this` booking, it and the `following`, or `all`; of each those that are ahead.",
});
const from = Id.optional().openapi({ description: "A booking of the series; with `this` and `following`." });
const namesFrom = { path: ["from"], message: "is needed with `this` and `following`" };

export const SeriesPatch = z
  .strictObject({
    scope,
    from,
    local_time: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
      .optional()
      .openapi({ description: "Another time of day on the wall clock; each booking keeps its day.", example: "19:00" }),
    duration_minutes: duration_minutes.optional(),
    purpose: purpose.optional(),
    project_id: project_id.optional(),
  })
  .refine((patch) => patch.scope === "all" || patch.from !== undefined, namesFrom)
  .refine(
    ({ scope: _, from: __, ...changes }) => Object.values(changes).some((value) => value !== undefined),
    "changes nothing",
  )
  .openapi("SeriesPatch");

export const SeriesCancelInput = z
  .strictObject({ scope, from, note: prose(500).optional() })
  .refine((input) => input.scope === "all" || input.from !== undefined, namesFrom)
  .openapi("SeriesCancelInput");

export const SeriesQuery = z.strictObject({
  ...pageQuery,
  member_id: Id.optional().openapi({ description: "`me` works; others need staff permission." }),
  equipment_id: anyOf(Id),
  status: anyOf(z.enum(seriesStatuses)),
  sort: z.enum(["starts_at", "-starts_at"]).default("-starts_at"),
});
