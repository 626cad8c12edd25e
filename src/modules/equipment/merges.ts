/** What machines hold of a member who becomes one with another. */

import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import { write } from "../../platform/db/commit.ts";
import { leads } from "../../platform/db/fan-out.ts";
import type { Space } from "../../platform/space.ts";
import type { MemberMove } from "../members/index.ts";
import { charges } from "./charges/tables.ts";
import { faultReports } from "./fault_reports/tables.ts";
import { equipmentRatings } from "./ratings/tables.ts";
import { runningSessionsOf } from "./sessions/running.ts";
import { calendarFeeds, equipment, reservations } from "./tables.ts";

/** True while the member has bookings ahead or uses a machine, as far as the lists know. */
export async function isBusy({ store }: Space, member_id: string): Promise<boolean> {
  const open = store.db
    .select({ id: reservations.id })
    .from(reservations)
    .where(
      store.in(
        reservations,
        leads(reservations.member_id, member_id),
        inArray(reservations.status, ["pending", "approved", "active"]),
        eq(reservations.orphan, false),
      ),
    )
    .limit(1);
  const [ahead, running] = await Promise.all([open, runningSessionsOf(store, member_id)]);
  return ahead.length > 0 || running.length > 0;
}

/** Machines change their owner; bookings and sessions do not: machines decided them, about whom they decided. */
export const moveMachines: MemberMove = {
  tables: {
    equipment: "moved to their new owner",
    reservations: "kept: history does not change hands; open ones hinder the merge",
    series: "kept: history does not change hands",
    sessions: "kept: history does not change hands; running ones hinder the merge",
    charges: "moved: whoever stays owes",
    cost_rules: "kept: a price that was for one record of a person is no promise to the other",
    booking_claims: "kept: they last for the moment of a request",
    waitlist_entries: "kept: what one record waits for ends with its window",
    booking_holds: "kept: they last for minutes",
    fault_reports: "moved",
    equipment_ratings: "moved, but for machines that both have rated",
    calendar_feeds: "revoked: an address opens no more than whoever made it could see",
  },
  writes: (store, { from, into, now }) => [
    write(
      store.db
        .update(faultReports)
        .set({ member_id: into })
        .where(store.in(faultReports, leads(faultReports.member_id, from))),
    ),
    write(
      store.db.run(sql`UPDATE OR IGNORE equipment_ratings SET member_id = ${into}
        WHERE makerspace_id = ${store.makerspace_id} AND member_id = ${from}`),
    ),
    write(store.db.delete(equipmentRatings).where(store.in(equipmentRatings, leads(equipmentRatings.member_id, from)))),
    write(
      store.db
        .update(equipment)
        .set({ owner_member_id: into })
        .where(store.in(equipment, leads(equipment.owner_member_id, from))),
    ),
    write(
      store.db
        .update(calendarFeeds)
        .set({ revoked_at: now, updated_at: now, version: sql`${calendarFeeds.version} + 1` })
        .where(store.in(calendarFeeds, and(leads(calendarFeeds.member_id, from), isNull(calendarFeeds.revoked_at)))),
    ),
    write(
      store.db
        .update(charges)
        .set({ member_id: into })
        .where(store.in(charges, leads(charges.member_id, from))),
    ),
  ],
};
