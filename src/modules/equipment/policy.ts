/** Booking policy over the wire, and on its way to the objects. */

import { env } from "cloudflare:workers";
import { z } from "@hono/zod-openapi";
import { and, eq, sql } from "drizzle-orm";
import type { SpaceSettings } from "../../platform/access/membership.ts";
import { type Write, write } from "../../platform/db/commit.ts";
import { describeError, log } from "../../platform/log.ts";
import type { Space } from "../../platform/space.ts";
import { approvalModes, type BookingPolicy, checkInModes, type HolderDisplay, policyBounds } from "./model.ts";
import type { EquipmentPort, PolicyParts } from "./port.ts";
import { equipment, policyPushes } from "./tables.ts";

const bounded = ([low, high]: readonly [number, number]) => z.int().min(low).max(high);

export const BookingPolicySchema = z
  .strictObject({
    approval: z.enum(approvalModes),
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
  })
  .openapi("BookingPolicy");

/** What every machine of a makerspace starts from, as the settings keep it. */
export interface BookingDefaults {
  show_holder: HolderDisplay;
  policy: BookingPolicy;
}

/** Null, or why a merged policy contradicts itself. */
export function isConsistent(policy: BookingPolicy): string | null {
  return policy.min_minutes > policy.max_minutes ? "min_minutes is above max_minutes" : null;
}

/** The booking defaults in a makerspace's settings. */
export const bookingDefaults = (settings: SpaceSettings): BookingDefaults =>
  // Written only through BookingPolicySchema and the settings contract.
  settings.booking_defaults as BookingDefaults;

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
});

/** The makerspace's part, of the request's settings or of those just written. */
export const makerspacePart = (settings: SpaceSettings): PolicyParts["makerspace"] => ({
  version: settings.version,
  timezone: settings.timezone,
  ...bookingDefaults(settings),
});

/** The object of one machine. */
export const machine = (space: Space, equipment_id: string): EquipmentPort => space.object(env.EQUIPMENT, equipment_id);

/** Marks every machine as owing a push: part of the batch that changes the defaults. */
export const queuePolicyPushes = (space: Space): Write =>
  write(
    space.db.run(sql`
      INSERT INTO policy_pushes (makerspace_id, equipment_id, created_at)
      SELECT makerspace_id, id, ${space.now} FROM equipment WHERE makerspace_id = ${space.id} AND retired_at IS NULL
      ON CONFLICT DO UPDATE SET created_at = excluded.created_at`),
  );

/** Marks one machine. */
export const queuePolicyPush = (space: Space, equipment_id: string): Write =>
  write(
    space.db
      .insert(policyPushes)
      .values(space.store.row({ equipment_id, created_at: space.now }))
      .onConflictDoUpdate({
        target: [policyPushes.makerspace_id, policyPushes.equipment_id],
        set: { created_at: space.now },
      }),
  );

/** A worker may talk to six objects at once. */
const PARALLEL = 6;
const PUSHES_MAX = 500;

/**
 * Brings the objects that owe a push up to date.
 * @param makerspace the defaults to push: those just written, or those of the request
 * @returns false when some object did not answer; the minute cron tries again.
 */
export async function pushPolicies(space: Space, makerspace: PolicyParts["makerspace"]): Promise<boolean> {
  const rows = await space.db
    .select({ machine: equipment, queued_at: policyPushes.created_at })
    .from(policyPushes)
    .innerJoin(
      equipment,
      and(eq(equipment.makerspace_id, policyPushes.makerspace_id), eq(equipment.id, policyPushes.equipment_id)),
    )
    .where(space.store.in(policyPushes))
    .limit(PUSHES_MAX);
  let applied = rows.length < PUSHES_MAX;
  for (let from = 0; from < rows.length; from += PARALLEL) {
    const batch = rows.slice(from, from + PARALLEL);
    const pushed = await Promise.all(batch.map((row) => pushOne(space, makerspace, row.machine, row.queued_at)));
    applied = applied && pushed.every(Boolean);
  }
  return applied;
}

async function pushOne(
  space: Space,
  makerspace: PolicyParts["makerspace"],
  row: EquipmentRow,
  queued_at: number,
): Promise<boolean> {
  try {
    // The first call decides where an object is born: near its makerspace.
    const object = space.object<EquipmentPort>(env.EQUIPMENT, row.id, space.settings.location_hint);
    await object.configure({ makerspace, equipment: equipmentPart(row) });
    // A change queued meanwhile has a later time and keeps its row.
    const settled = space.store.in(
      policyPushes,
      eq(policyPushes.equipment_id, row.id),
      eq(policyPushes.created_at, queued_at),
    );
    await space.db.delete(policyPushes).where(settled);
    return true;
  } catch (error) {
    log.warn("policy_push_failed", { makerspace_id: space.id, equipment_id: row.id, error: describeError(error) });
    return false;
  }
}
