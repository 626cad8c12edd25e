import type { z } from "@hono/zod-openapi";
import type { WeeklyWindows } from "../../../platform/settings/hours.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { Plan, PlanOrPublic, PublicPlan } from "./contract.ts";
import { discountOn, type Promo, promoApplies } from "./model.ts";
import type { plans } from "./tables.ts";

/** A plan's row with its JSON read. */
export type PlanRow = Omit<
  typeof plans.$inferSelect,
  "access_windows" | "included_equipment_ids" | "excluded_equipment_ids" | "promo" | "features" | "metadata"
> & {
  access_windows: WeeklyWindows | null;
  included_equipment_ids: string[] | null;
  excluded_equipment_ids: string[];
  promo: Promo | null;
  features: string[];
  metadata: Record<string, string>;
};

/** What the database answers, as it was written. */
export const toPlanRow = (row: typeof plans.$inferSelect): PlanRow => row as PlanRow;

/** What everybody sees. */
const shared = (row: PlanRow, now: number) => ({
  id: row.id,
  name: row.name,
  description: row.description,
  plan_type: row.plan_type,
  price: { amount_minor: row.price_minor, currency: row.currency },
  effective_price: {
    amount_minor: row.price_minor - (promoApplies(row.promo, now, null) ? discountOn(row.price_minor, row.promo) : 0),
    currency: row.currency,
  },
  setup_fee_minor: row.setup_fee_minor,
  billing_cycle: row.billing_cycle,
  contract_months: row.contract_months,
  early_termination_fee_minor: row.early_termination_fee_minor,
  access_windows: row.access_windows as z.output<typeof Plan>["access_windows"],
  included_equipment_ids: row.included_equipment_ids,
  excluded_equipment_ids: row.excluded_equipment_ids,
  advance_days: row.advance_days,
  max_duration_minutes: row.max_duration_minutes,
  max_open_bookings: row.max_open_bookings,
  minutes_per_cycle: row.minutes_per_cycle,
  cancellation_hours: row.cancellation_hours,
  priority: row.priority,
  project_limit: row.project_limit,
  storage_mb: row.storage_mb,
  guest_passes_per_cycle: row.guest_passes_per_cycle,
  group_kind: row.group_kind,
  max_members: row.max_members,
  trial_days: row.trial_days,
  grace_days: row.grace_days,
  auto_renew: row.auto_renew,
  visibility: row.visibility,
  requires_approval: row.requires_approval,
  features: row.features,
  valid_until: toIsoOrNull(row.valid_until),
});

/** For staff. */
export const viewPlan = (row: PlanRow, now: number): z.output<typeof Plan> => ({
  ...shared(row, now),
  status: row.status,
  current_members: row.places_taken,
  valid_from: toIsoOrNull(row.valid_from),
  promo: row.promo && {
    ...row.promo,
    starts_at: toIsoOrNull(row.promo.starts_at),
    ends_at: toIsoOrNull(row.promo.ends_at),
  },
  metadata: row.metadata,
  external_id: row.external_id,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

/** For members and visitors: neither codes nor how many others there are. */
export const viewPublicPlan = (row: PlanRow, now: number): z.output<typeof PublicPlan> => ({
  ...shared(row, now),
  is_full: row.max_members !== null && row.places_taken >= row.max_members,
});

/** How this caller sees plans. */
export const viewFor = (space: Space) => {
  const all = space.scope("plans.read") === "any";
  return (row: PlanRow): z.output<typeof PlanOrPublic> =>
    all ? viewPlan(row, space.now) : viewPublicPlan(row, space.now);
};
