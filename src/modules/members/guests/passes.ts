/** How many guests a plan lets its member invite, and how many of them are used up. */

import type { z } from "@hono/zod-openapi";
import { eq, sql } from "drizzle-orm";
import { readTogether } from "../../../platform/db/ready.ts";
import { problem, type ReasonInput } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso } from "../../../platform/time.ts";
import { countedCycleAt, type Period } from "../memberships/cycles.ts";
import { type BookingRights, bookingRights } from "../memberships/rights.ts";
import { members } from "../tables.ts";
import type { GuestPasses } from "./contract.ts";
import { seesAll } from "./reads.ts";

/** What the host's membership says of guests on one day. */
export interface Allowance {
  membership_id: string;
  /** Per cycle; null is any number. */
  limit: number | null;
  cycle: Period;
  used: number;
}

/** The cycle that a day counts in: whole days, also where a membership began in the middle of one. */
function cycleOfDay({ settings }: Space, rights: BookingRights, day: Period): Period {
  const { from, to } = countedCycleAt(rights, Math.max(day.from, rights.period.from), settings.timezone);
  return { from: Math.min(from, day.from), to };
}

/** Visits of a host that use up a pass in a cycle, as SQL. */
export const usedSql = (space: Space, host_member_id: string, cycle: Period) => sql<number>`(
  SELECT count(*) FROM guest_visits v WHERE v.makerspace_id = ${space.id} AND v.host_member_id = ${host_member_id}
    AND v.counted = 1 AND v.day_from >= ${cycle.from} AND v.day_from < ${cycle.to})`;

async function allowanceOf(space: Space, host_member_id: string, rights: BookingRights, day: Period) {
  const cycle = cycleOfDay(space, rights, day);
  const { membership_id } = rights;
  const [row] = await space.db.all<{ passes: number | null; used: number }>(sql`
    SELECT p.guest_passes_per_cycle AS passes, ${usedSql(space, host_member_id, cycle)} AS used
    FROM plans p WHERE p.makerspace_id = ${space.id} AND p.id = ${rights.plan_id}`);
  return { membership_id, limit: row?.passes ?? null, cycle, used: row?.used ?? 0 };
}

/** What is in the way of a membership on that day. */
function refusalsOf(rights: BookingRights | null, day: Period): ReasonInput[] {
  const fix = "Join a plan, renew it, or ask the staff.";
  if (!rights) return [{ code: "membership_required", detail: "Guests come with a running membership.", fix }];
  if (rights.status === "paused") return [{ code: "membership_paused", detail: "The membership is paused.", fix }];
  const { period, renews, lapses_at } = rights;
  const ends = renews ? null : lapses_at;
  if (period.from >= day.to || (ends !== null && ends <= day.from))
    return [{ code: "outside_membership", detail: "The membership does not cover this day.", fix }];
  return [];
}

/** The host's allowance on a day, and the reasons against one more guest. */
export async function judgePass(
  space: Space,
  host_member_id: string,
  day: Period,
): Promise<{ allowance: Allowance | null; reasons: ReasonInput[] }> {
  const [rows] = await readTogether(space.store, [bookingRights.build], { member_id: host_member_id });
  const rights = bookingRights.read(rows);
  const reasons = refusalsOf(rights, day);
  if (!rights || reasons.length > 0) return { allowance: null, reasons };
  const allowance = await allowanceOf(space, host_member_id, rights, day);
  const { limit, used, cycle } = allowance;
  if (limit === null || used < limit) return { allowance, reasons: [] };
  const usedUp: ReasonInput = {
    code: "guest_passes_used_up",
    detail: `The plan gives ${limit} guest ${limit === 1 ? "pass" : "passes"} in each cycle.`,
    fix: "Cancel a visit before its day, choose a day in another cycle, or ask the staff.",
    limit: {
      guest_passes_per_cycle: limit,
      guest_passes_used: used,
      cycle_from: toIso(cycle.from),
      cycle_to: toIso(cycle.to),
    },
  };
  return { allowance, reasons: [usedUp] };
}

/** How many passes a member has left in the cycle that runs. @throws not_found without a membership that counts, and for others */
export async function readPasses(space: Space, named: string): Promise<z.output<typeof GuestPasses>> {
  const member_id = named === "me" ? space.member.id : named;
  if (!seesAll(space) && member_id !== space.actor.id) throw problem("not_found");
  const [known] = await space.db
    .select({ id: members.id })
    .from(members)
    .where(space.store.in(members, eq(members.id, member_id)));
  const day = { from: space.now, to: space.now + 1 };
  const { allowance } = known ? await judgePass(space, member_id, day) : { allowance: null };
  if (!allowance) throw problem("not_found", { detail: "No membership runs that could have guests." });
  const { limit, used, cycle } = allowance;
  return {
    limit,
    used,
    left: limit === null ? null : Math.max(0, limit - used),
    cycle_from: toIso(cycle.from),
    cycle_to: toIso(cycle.to),
  };
}
