/** Booking policy: over the wire, merged, and as the objects keep it. */

import { z } from "@hono/zod-openapi";
import { sql } from "drizzle-orm";
import type { SpaceSettings } from "../../platform/access/membership.ts";
import { duties } from "../../platform/access/permissions.ts";
import { definedOnly } from "../../platform/merge.ts";
import type { WeeklyWindows } from "../../platform/settings/hours.ts";
import { skillLevels } from "../../platform/skills.ts";
import type { Space } from "../../platform/space.ts";
import {
  approvalModes,
  type BookingPolicy,
  billings,
  checkInModes,
  defaultPolicy,
  type HolderDisplay,
  policyBounds,
} from "./model.ts";
import type { PolicyParts } from "./port.ts";
import { equipment } from "./tables.ts";

const bounded = ([low, high]: readonly [number, number]) => z.int().min(low).max(high);

export const BookingPolicySchema = z
  .strictObject({
    approval: z.enum(approvalModes).openapi({
      description: "`rule`: approved at once when one of `approval_rules` holds, otherwise by staff.",
    }),
    approval_rules: z
      .array(
        z
          .strictObject({
            min_level: z.enum(skillLevels).nullable().default(null),
            duty: z.enum(duties).nullable().default(null),
            price_below_minor: z.int().min(1).max(1_000_000_000).nullable().default(null),
          })
          .refine((rule) => Object.values(rule).some((value) => value !== null), "says nothing"),
      )
      .max(5)
      .openapi({
        description:
          "Each approves a booking when all that it says holds: the level in every group of skills that the machine asks for, a duty of who books for themselves, a price below so much.",
      }),
    check_in: z.enum(checkInModes).openapi({ description: "`none`: nobody checks in, so nobody can be a no-show." }),
    min_minutes: bounded(policyBounds.min_minutes),
    max_minutes: bounded(policyBounds.max_minutes),
    granularity_minutes: bounded(policyBounds.granularity_minutes).openapi({
      description: "Counted from local midnight.",
    }),
    notice_minutes: bounded(policyBounds.notice_minutes),
    horizon_days: bounded(policyBounds.horizon_days),
    buffer_minutes: bounded(policyBounds.buffer_minutes).openapi({
      description: "Kept free after a booking, except before the same member's next.",
    }),
    grace_minutes: bounded(policyBounds.grace_minutes),
    pending_ttl_minutes: bounded(policyBounds.pending_ttl_minutes),
    hold_minutes: bounded(policyBounds.hold_minutes).openapi({
      description: "How long a slot is held for somebody who is still choosing.",
    }),
    bill_by: z.enum(billings).openapi({
      description:
        "What a booking that was used is paid for: the time `reserved`, the time `used`, or what is `greater`.",
    }),
    cancellation_hours: bounded(policyBounds.cancellation_hours).openapi({
      description: "Who cancels later than this before the start pays `late_cancel_fee_minor`.",
    }),
    late_cancel_fee_minor: bounded(policyBounds.late_cancel_fee_minor).openapi({
      description: "In the smallest unit of the machine's currency. Bookings keep the fees that they were made under.",
    }),
    no_show_fee_minor: bounded(policyBounds.no_show_fee_minor),
    own_gap_minutes: bounded(policyBounds.own_gap_minutes).openapi({
      description: "Kept free between two bookings of one member on this machine.",
    }),
  })
  .openapi("BookingPolicy");

const { shape } = BookingPolicySchema;
const names = Object.keys(shape) as (keyof typeof shape)[];

/** A machine's own rules. */
export const PolicyOverridesSchema = BookingPolicySchema.partial();

/** A change of a machine's own rules: what is null is taken back, and the makerspace's rule holds again. */
export const PolicyOverridesPatchSchema = z
  .strictObject(
    Object.fromEntries(names.map((name) => [name, shape[name].nullable()])) as {
      [Name in keyof typeof shape]: z.ZodNullable<(typeof shape)[Name]>;
    },
  )
  .partial()
  .openapi("PolicyOverridesPatch");

/** The machine's own rules after a change; those that became null are gone. */
export const mergeOverrides = (
  own: unknown,
  patch: z.output<typeof PolicyOverridesPatchSchema>,
): Partial<BookingPolicy> => {
  const merged = Object.entries({ ...(own as object), ...definedOnly(patch) });
  return Object.fromEntries(merged.filter(([, value]) => value !== null)) as Partial<BookingPolicy>;
};

/** What every machine of a makerspace starts from, as the settings keep it. */
export interface BookingDefaults {
  show_holder: HolderDisplay;
  policy: BookingPolicy;
}

/** Null, or why a merged policy contradicts itself. */
export function isConsistent(policy: BookingPolicy): string | null {
  return policy.min_minutes > policy.max_minutes ? "min_minutes is above max_minutes" : null;
}

/** Told at most this many machines at once. */
const CONTRADICTIONS_SHOWN = 10;

/** The machines whose own rules would contradict these defaults, in words. */
export async function contradictingMachines(space: Space, defaults: BookingPolicy): Promise<string[]> {
  const rows = await space.db
    .select({ code: equipment.code, policy: equipment.policy })
    .from(equipment)
    .where(space.store.in(equipment, sql`(${equipment.retired_at} IS NULL) = 1`, sql`${equipment.policy} <> '{}'`));
  const faults = rows.flatMap(({ code, policy }) => {
    const fault = isConsistent({ ...defaults, ...(policy as Partial<BookingPolicy>) });
    return fault === null ? [] : [`on ${code}, ${fault}`];
  });
  return faults.slice(0, CONTRADICTIONS_SHOWN);
}

/** The booking defaults in a makerspace's settings; a rule that is younger than they are has its default. */
export function bookingDefaults(settings: SpaceSettings): BookingDefaults {
  // Written only through BookingPolicySchema and the settings contract.
  const stored = settings.booking_defaults as BookingDefaults;
  return { ...stored, policy: { ...defaultPolicy, ...stored.policy } };
}

/** The machine's own rules over the makerspace's. */
export const effectivePolicy = (space: Space, own: unknown): BookingPolicy => ({
  ...bookingDefaults(space.settings).policy,
  ...(own as Partial<BookingPolicy>),
});

type EquipmentRow = typeof equipment.$inferSelect;

/** A machine's part for its object. */
export const equipmentPart = (row: EquipmentRow): PolicyParts["equipment"] => ({
  version: row.policy_version,
  code: row.code,
  name: row.name,
  category: row.category,
  location: row.location,
  status: row.status,
  policy: row.policy as Partial<BookingPolicy>,
  // Written only through the contract's WeeklyWindows.
  opening_hours: row.opening_hours as WeeklyWindows | null,
});

/** Opening hours and closures change each by themselves: together they are as new as both. */
export const hoursVersion = ({ section_states, closures_version }: SpaceSettings): number =>
  section_states.general.version + closures_version;

/** What every machine of a makerspace shares. */
export type SharedParts = Pick<PolicyParts, "makerspace" | "hours">;

/** The parts that come from the makerspace's settings: those of the request, or those just written. */
export const sharedParts = (settings: SpaceSettings): SharedParts => ({
  makerspace: { version: settings.version, timezone: settings.timezone, ...bookingDefaults(settings) },
  hours: { version: hoursVersion(settings), windows: settings.sections.general.opening_hours },
});
