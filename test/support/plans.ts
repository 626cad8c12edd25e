/** Plans and memberships for tests of what a plan allows, written as their module writes them. */

import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { memberships } from "../../src/modules/members/memberships/tables.ts";
import { plans } from "../../src/modules/members/plans/tables.ts";
import { DAY } from "../../src/platform/time.ts";
import type { Person, TestSpace } from "./space.ts";

/** What a test says about a plan; everything else is without limit. */
export type PlanLimits = Partial<
  Pick<
    typeof plans.$inferInsert,
    | "access_windows"
    | "advance_days"
    | "cancellation_hours"
    | "excluded_equipment_ids"
    | "included_equipment_ids"
    | "max_duration_minutes"
    | "max_open_bookings"
    | "minutes_per_cycle"
    | "priority"
  >
>;

/** The member's membership, as far as a test says. */
export type MembershipState = Partial<
  Pick<typeof memberships.$inferInsert, "status" | "starts_at" | "ends_at" | "billing_cycle" | "auto_renew">
>;

/** Puts a member on a plan of their own from yesterday on: cycles of a month unless told. Answers the id of the membership. */
export async function onPlan(
  space: TestSpace,
  { member }: Person,
  limits: PlanLimits = {},
  state: MembershipState = {},
): Promise<string> {
  const db = drizzle(env.DB_000);
  const [plan_id, now] = [crypto.randomUUID(), Date.now()];
  const row = { makerspace_id: space.id, currency: "EUR", version: 1, created_at: now, updated_at: now };
  const plan = {
    ...row,
    id: plan_id,
    name: `Plan ${plan_id}`,
    name_key: plan_id,
    plan_type: "custom" as const,
    price_minor: 0,
    setup_fee_minor: 0,
    early_termination_fee_minor: 0,
    billing_cycle: "monthly" as const,
    contract_months: 0,
    excluded_equipment_ids: [],
    cancellation_hours: 0,
    priority: 0,
    trial_days: 0,
    grace_days: 0,
    auto_renew: true,
    visibility: "public" as const,
    requires_approval: false,
    features: [],
    status: "active" as const,
    ...limits,
  };
  const id = crypto.randomUUID();
  const starts_at = state.starts_at ?? now - DAY;
  const ends_at = state.ends_at ?? now + 365 * DAY;
  const membership = {
    ...row,
    id,
    member_id: member.id,
    plan_id,
    status: "active" as const,
    lapses_at: ends_at,
    billing_cycle: "monthly" as const,
    anchor_on: new Date(starts_at).toISOString().slice(0, 10),
    is_trial: false,
    auto_renew: true,
    paid_from: starts_at,
    paid_minor: 0,
    ...state,
    starts_at,
    ends_at,
    ...(state.status === "paused" && { paused_at: now }),
  };
  await db.batch([db.insert(plans).values(plan), db.insert(memberships).values(membership)]);
  return id;
}

/** Claims of a makerspace that are on their way. */
export async function claimsOf(space: TestSpace) {
  const read = env.DB_000.prepare("SELECT * FROM booking_claims WHERE makerspace_id = ?").bind(space.id);
  return (await read.all<{ booking_id: string; bookings: number; minutes: number; waiting: number }>()).results;
}

/** Changes settings of one section. */
export async function set(space: TestSpace, section: string, values: object): Promise<void> {
  const path = space.path(`/settings/${section}`);
  const { version } = await space.root.get<{ version: number }>(path);
  await space.root.patch(path, values, version);
}
