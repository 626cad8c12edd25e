import type { z } from "@hono/zod-openapi";
import { toIso } from "../../../platform/time.ts";
import type { waitlistEntries } from "../tables.ts";
import type { WaitlistEntry } from "./contract.ts";

export type EntryRow = typeof waitlistEntries.$inferSelect;

/** What is offered, once the machine has said it and for as long as it lasts. */
function offerOf({ status, offered_on, offer_starts_at, offer_ends_at, offer_expires_at }: EntryRow, now: number) {
  if (status !== "offered" || offered_on === null) return null;
  if (offer_starts_at === null || offer_ends_at === null || offer_expires_at === null) return null;
  if (offer_expires_at <= now) return null;
  return {
    equipment_id: offered_on,
    starts_at: toIso(offer_starts_at),
    ends_at: toIso(offer_ends_at),
    expires_at: toIso(offer_expires_at),
  };
}

/** Row → JSON. */
export const viewEntry = (row: EntryRow, now: number): z.output<typeof WaitlistEntry> => ({
  id: row.id,
  makerspace_id: row.makerspace_id,
  member_id: row.member_id,
  equipment_id: row.equipment_id,
  category: row.category,
  window_starts_at: toIso(row.window_starts_at),
  window_ends_at: toIso(row.window_ends_at),
  minutes: row.minutes,
  status: row.status,
  offer: offerOf(row, now),
  reservation_id: row.reservation_id,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
