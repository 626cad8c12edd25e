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
import { WeeklyWindowsOrNull } from "../../../platform/settings/windows.ts";
import { affectedFates, outageStatuses } from "../model.ts";
import { orphansQuery } from "../reservations/contract.ts";

const status = z.enum(outageStatuses);
const weekly = WeeklyWindowsOrNull.openapi({
  description: "Out of service in these windows of each week alone, between the two times; null is throughout.",
});
const reason = line(300).openapi({ description: "Said to everybody who meets it." });
const affected = z.enum(affectedFates).openapi({
  description:
    "What becomes of bookings in the way: `cancel`; `offer`, cancelled as well, and the holder is told which machines of the kind are free then; " +
    "`move`, to such a machine when the holder agreed to it with `may_move`, otherwise cancelled.",
});
const planning = {
  plan_token: z.string().max(200).optional().openapi({
    description:
      "Of a dry run: refused with `plan_stale` when other bookings are in the way by now. Good for ten minutes.",
  }),
  dry_run: z
    .boolean()
    .optional()
    .openapi({ description: "Only say who is in the way. The query parameter does the same." }),
};

const endsLater = ({ starts_at, ends_at }: { starts_at?: number | undefined; ends_at?: number | undefined }): boolean =>
  starts_at === undefined || ends_at === undefined || ends_at > starts_at;
const later = { path: ["ends_at"], message: "must be after starts_at" };

/** Two years: what is out for longer is taken down. */
const LONGEST = 2 * 366 * 86_400_000;
const isShort = ({ starts_at, ends_at }: { starts_at?: number | undefined; ends_at?: number | undefined }): boolean =>
  starts_at === undefined || ends_at === undefined || ends_at - starts_at <= LONGEST;
const short = { path: ["ends_at"], message: "is more than two years after starts_at" };

export const OutageInput = z
  .strictObject({
    starts_at: InstantInput,
    ends_at: InstantInput,
    weekly: weekly.default(null),
    reason,
    affected: affected.default("cancel"),
    ...planning,
  })
  .refine(endsLater, later)
  .refine(isShort, short)
  .openapi("OutageInput");

export const OutagePatch = z
  .strictObject({ starts_at: InstantInput, ends_at: InstantInput, weekly, reason })
  .partial()
  .extend({ affected: affected.default("cancel"), ...planning })
  .refine(
    ({ starts_at, ends_at, weekly: windows, reason: said }) =>
      [starts_at, ends_at, windows, said].some((one) => one !== undefined),
    "changes nothing",
  )
  .refine(endsLater, later)
  .refine(isShort, short)
  .openapi("OutagePatch");

export const PlanningQuery = z.strictObject({
  dry_run: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true")
    .openapi({ description: "Only say who is in the way." }),
});

export const Outage = z
  .strictObject({
    ...resourceFields,
    makerspace_id: Id,
    equipment_id: Id,
    status,
    starts_at: Instant,
    ends_at: Instant,
    weekly,
    reason: z.string(),
    created_by: z.string().nullable().openapi({ description: "Null for members." }),
    lifted_at: Instant.nullable(),
    displaced: z.int().optional().openapi({ description: "In the answer to a step: how many bookings gave way." }),
  })
  .openapi("Outage");
export const OutagePage = pageOf(Outage).openapi("OutagePage");

const Affected = z
  .strictObject({
    reservation_id: Id,
    member_id: Id,
    status: z.string(),
    starts_at: Instant,
    ends_at: Instant,
    version: z.int(),
    may_move: z.boolean(),
    fate: affected,
    equipment_ids: z.array(Id).openapi({ description: "Machines of the kind that are free for its holder then." }),
  })
  .openapi("AffectedReservation");

export const OutagePlan = z
  .strictObject({
    affected: z.array(Affected),
    plan_token: z.string(),
    expires_at: Instant,
  })
  .openapi("OutagePlan");

const filters = {
  status: anyOf(status),
  starts_from: InstantInput.optional().openapi({ description: "Inclusive." }),
  starts_to: InstantInput.optional().openapi({ description: "Exclusive." }),
  sort: z.enum(["starts_at", "-starts_at"]).default("starts_at"),
};
export const MachineOutageQuery = z.strictObject({ ...pageQuery, ...filters });
export const OutageQuery = z.strictObject({
  ...pageQuery,
  ...filters,
  equipment_id: anyOf(Id),
  orphans: orphansQuery,
});
