import type { z } from "@hono/zod-openapi";
import { problem } from "../../../platform/problem.ts";
import type { WeeklyWindowsOrNull } from "../../../platform/settings/windows.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { BookingPolicy } from "../model.ts";
import { averageOf } from "../ratings/model.ts";
import type { equipment } from "../tables.ts";
import type { Equipment } from "./contract.ts";

/** A machine's row: all that a booking needs. */
export type MachineRow = typeof equipment.$inferSelect;

/** A machine as shown: with what its sessions say. */
export interface MachineDetail extends MachineRow {
  /** 1 while a session is running. */
  in_use: number;
  /** Completed sessions and their milliseconds; null before the first. */
  use_count: number | null;
  use_ms: number | null;
  /** "stars/ratings"; null before the first. */
  rating_totals: string | null;
}

const HOUR_MS = 3_600_000;

const money = (amount_minor: number | null, currency: string | null) =>
  amount_minor === null || currency === null ? null : { amount_minor, currency };

/** The row behind a fact. @throws not_found for an unknown machine. */
export function requireMachine<Row extends MachineRow>(rows: Row[]): Row {
  const [row] = rows;
  if (!row) throw problem("not_found");
  return row;
}

/** Row → JSON. Internal notes only for those who manage the machine. */
export const viewMachine = (
  row: MachineDetail,
  effective: BookingPolicy,
  withNotes: boolean,
): z.output<typeof Equipment> => ({
  id: row.id,
  code: row.code,
  name: row.name,
  category: row.category,
  sub_category: row.sub_category,
  status: row.status,
  in_use: row.in_use === 1,
  usage_count: row.use_count ?? 0,
  total_usage_hours: Math.round(((row.use_ms ?? 0) / HOUR_MS) * 100) / 100,
  location: row.location,
  owner_member_id: row.owner_member_id,
  requires_certification: row.requires_certification,
  certification_required: row.certification_required,
  last_maintenance_date: row.last_maintenance_date,
  next_maintenance_date: row.next_maintenance_date,
  maintenance_interval_hours: row.maintenance_interval_hours,
  manufacturer: row.manufacturer,
  model: row.model,
  serial_number: row.serial_number,
  purchase_date: row.purchase_date,
  warranty_expiry: row.warranty_expiry,
  hourly_rate: money(row.hourly_rate_minor, row.currency),
  deposit_required: money(row.deposit_minor, row.currency),
  description: row.description,
  specifications: row.specifications as Record<string, string | number | boolean>,
  manual_url: row.manual_url,
  image_url: row.image_url,
  notes: withNotes ? row.notes : null,
  policy: row.policy as Partial<BookingPolicy>,
  // Written only through the contract's WeeklyWindows.
  opening_hours: row.opening_hours as z.output<typeof WeeklyWindowsOrNull>,
  rating: averageOf(row.rating_totals),
  effective_policy: effective,
  metadata: row.metadata as Record<string, string>,
  external_id: row.external_id,
  retired_at: toIsoOrNull(row.retired_at),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
