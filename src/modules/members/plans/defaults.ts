/** The plans that a new makerspace starts with. */

import { newId } from "../../../platform/ids.ts";
import { nameKey } from "../../../platform/names.ts";
import { reservedLimits } from "./model.ts";
import type { PlanRow } from "./view.ts";

/** Decimal places of a currency: 2 for EUR, 0 for JPY, 3 for KWD. */
const decimals = (currency: string): number =>
  new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;

/** Whole units of a currency in its smallest one. */
const units = (whole: number, currency: string): number => whole * 10 ** decimals(currency);

const unlimited = {
  description: null,
  setup_fee_minor: 0,
  early_termination_fee_minor: 0,
  contract_months: 0,
  access_windows: null,
  included_equipment_ids: null,
  excluded_equipment_ids: [],
  priority: reservedLimits.priority.initial,
  project_limit: reservedLimits.project_limit.initial,
  storage_mb: reservedLimits.storage_mb.initial,
  max_members: null,
  places_taken: 0,
  trial_days: 0,
  visibility: "public",
  requires_approval: false,
  valid_from: null,
  valid_until: null,
  promo: null,
  status: "active",
  metadata: {},
  external_id: null,
  group_kind: null,
  version: 1,
} as const;

const sets = [
  {
    name: "Free",
    plan_type: "free",
    price: 0,
    billing_cycle: "lifetime",
    advance_days: 7,
    max_duration_minutes: 120,
    max_open_bookings: 1,
    minutes_per_cycle: 240,
    cancellation_hours: 24,
    guest_passes_per_cycle: 0,
    grace_days: 0,
    auto_renew: false,
    features: ["Four hours on machines a month", "One booking at a time"],
  },
  {
    name: "Maker",
    plan_type: "standard",
    price: 99,
    billing_cycle: "monthly",
    advance_days: 30,
    max_duration_minutes: 480,
    max_open_bookings: 5,
    minutes_per_cycle: 2_400,
    cancellation_hours: 24,
    guest_passes_per_cycle: 1,
    grace_days: 7,
    auto_renew: true,
    features: ["Forty hours on machines a month", "Five bookings at a time", "One guest a month"],
  },
  {
    name: "Pro",
    plan_type: "premium",
    price: 199,
    billing_cycle: "monthly",
    advance_days: 60,
    max_duration_minutes: 720,
    max_open_bookings: 20,
    minutes_per_cycle: null,
    cancellation_hours: 12,
    guest_passes_per_cycle: 4,
    grace_days: 7,
    auto_renew: true,
    features: ["All the hours you want", "Twenty bookings at a time", "Four guests a month"],
  },
] as const;

/** Free, Maker and Pro in a makerspace's currency. */
export const defaultPlans = (makerspace_id: string, currency: string, now: number): PlanRow[] =>
  sets.map(({ price, features, ...set }) => ({
    ...unlimited,
    excluded_equipment_ids: [],
    ...set,
    features: [...features],
    makerspace_id,
    id: newId(),
    name_key: nameKey(set.name),
    price_minor: units(price, currency),
    currency,
    created_at: now,
    updated_at: now,
  }));
