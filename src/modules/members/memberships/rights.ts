/** What a member's plan allows them to book: the door through which the gates of a booking see plans. */

import { and, eq, inArray, sql } from "drizzle-orm";
import type { BatchRead } from "../../../platform/access/membership.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { WeeklyWindows } from "../../../platform/settings/hours.ts";
import { plans } from "../plans/tables.ts";
import { members } from "../tables.ts";
import { type CountedAnchor, endOf, type Period } from "./cycles.ts";
import { currentStates, stretchOf } from "./model.ts";
import { memberships } from "./tables.ts";

/** The current membership and the limits of its plan. Times are epoch milliseconds, null means without limit. */
export interface BookingRights extends CountedAnchor {
  membership_id: string;
  plan_id: string;
  status: (typeof currentStates)[number];
  /** Paid for; `to` is null for life. */
  period: { from: number; to: number | null };
  /** The end of the days of grace after the period; null for life. */
  lapses_at: number | null;
  /** The membership goes on by itself when its period ends. */
  renews: boolean;
  advance_days: number | null;
  max_duration_minutes: number | null;
  max_open_bookings: number | null;
  minutes_per_cycle: number | null;
  cancellation_hours: number;
  /** Orders a waitlist, higher first; it never moves a booking. */
  priority: number;
  access_windows: WeeklyWindows | null;
  /** Null includes every machine. */
  included_equipment_ids: string[] | null;
  excluded_equipment_ids: string[];
}

const columns = {
  membership_id: memberships.id,
  plan_id: memberships.plan_id,
  status: memberships.status,
  starts_at: memberships.starts_at,
  ends_at: memberships.ends_at,
  lapses_at: memberships.lapses_at,
  billing_cycle: memberships.billing_cycle,
  anchor_on: memberships.anchor_on,
  stretched_from: memberships.stretched_from,
  stretched_to: memberships.stretched_to,
  auto_renew: memberships.auto_renew,
  cancels_at_end: memberships.cancels_at_end,
  next_plan_id: memberships.next_plan_id,
  advance_days: plans.advance_days,
  max_duration_minutes: plans.max_duration_minutes,
  max_open_bookings: plans.max_open_bookings,
  minutes_per_cycle: plans.minutes_per_cycle,
  cancellation_hours: plans.cancellation_hours,
  priority: plans.priority,
  access_windows: plans.access_windows,
  included_equipment_ids: plans.included_equipment_ids,
  excluded_equipment_ids: plans.excluded_equipment_ids,
};

const select = (store: SpaceStore, whose: ReturnType<typeof sql>) =>
  store.db
    .select(columns)
    .from(memberships)
    .innerJoin(plans, and(eq(plans.makerspace_id, memberships.makerspace_id), eq(plans.id, memberships.plan_id)))
    .where(store.in(memberships, whose, inArray(memberships.status, currentStates)));

type Row = Awaited<ReturnType<typeof select>>[number];

function toRights(row: Row): BookingRights {
  const {
    starts_at,
    ends_at,
    lapses_at,
    auto_renew,
    cancels_at_end,
    next_plan_id,
    stretched_from,
    stretched_to,
    ...rest
  } = row;
  return {
    ...rest,
    // The statement asks for current ones only.
    status: row.status as BookingRights["status"],
    anchor_at: starts_at,
    stretched: stretchOf({ stretched_from, stretched_to }),
    period: { from: starts_at, to: endOf(ends_at) },
    lapses_at: endOf(lapses_at),
    renews: (auto_renew || next_plan_id !== null) && !cancels_at_end,
    access_windows: row.access_windows as WeeklyWindows | null,
    included_equipment_ids: row.included_equipment_ids as string[] | null,
    excluded_equipment_ids: row.excluded_equipment_ids as string[],
  };
}

const read = (rows: unknown): BookingRights | null => {
  const [row] = rows as Row[];
  return row ? toRights(row) : null;
};

/** The caller's rights, in the authorisation trip; null without a current membership. */
export const bookingRightsOfUser: BatchRead<BookingRights | null> = {
  build: (store, { user_id = "" }) =>
    select(
      store,
      sql`${memberships.member_id} = (SELECT ${members.id} FROM ${members} WHERE ${store.in(members, eq(members.user_id, user_id))})`,
    ),
  read,
};

/** The rights of the member `member_id`; null without a current membership. */
export const bookingRights: BatchRead<BookingRights | null> = {
  build: (store, { member_id = "" }) => select(store, sql`${memberships.member_id} = ${member_id}`),
  read,
};

/** The priority of each member's plan; whoever has no current membership is left out. */
export async function planPriorities(store: SpaceStore, member_ids: readonly string[]): Promise<Map<string, number>> {
  const whose = sql`${memberships.member_id} IN (SELECT value FROM json_each(${JSON.stringify(member_ids)}))`;
  const rows = await store.db
    .select({ member_id: memberships.member_id, priority: plans.priority })
    .from(memberships)
    .innerJoin(plans, and(eq(plans.makerspace_id, memberships.makerspace_id), eq(plans.id, memberships.plan_id)))
    .where(store.in(memberships, whose, inArray(memberships.status, currentStates)));
  return new Map(rows.map(({ member_id, priority }) => [member_id, priority]));
}

/** Whether the membership covers all of an interval: begun, not paused, and paid, in grace, or renewing by itself until its end. */
export const isCovered = (rights: BookingRights, { from, to }: Period): boolean =>
  rights.status === "active" &&
  from >= rights.period.from &&
  (rights.renews || rights.lapses_at === null || to <= rights.lapses_at);
