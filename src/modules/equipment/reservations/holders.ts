/** Who holds bookings on a machine: whom its state concerns. */

import { and, asc, eq, gt, inArray, lt, sql } from "drizzle-orm";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { DAY } from "../../../platform/time.ts";
import { reservations } from "../tables.ts";

/** Bookings of a machine that hold time. */
const HOLDING = ["pending", "approved", "active"] as const;
/** No booking is longer. */
const LONGEST = 31 * DAY;
/** Somebody who holds bookings, and the first of these. Times are epoch milliseconds. */
interface Holder {
  member_id: string;
  reservation_id: string;
  starts_at: number;
  ends_at: number;
}

/** A page of those who hold bookings on a machine that have not ended and start before `to`, by member; reading grows with the machine's bookings. */
export const holdersOn = (
  store: SpaceStore,
  equipment_id: string,
  { now, to, after, limit }: { now: number; to: number; after: string; limit: number },
): Promise<Holder[]> =>
  store.db
    .select({
      member_id: reservations.member_id,
      // SQLite takes the other columns from the row that has the minimum.
      starts_at: sql<number>`min(${reservations.starts_at})`,
      reservation_id: reservations.id,
      ends_at: reservations.ends_at,
    })
    .from(reservations)
    .where(
      and(
        store.in(
          reservations,
          eq(reservations.equipment_id, equipment_id),
          inArray(reservations.status, HOLDING),
          eq(reservations.orphan, false),
        ),
        gt(reservations.ends_at, now),
        // The index goes by start.
        gt(reservations.starts_at, now - LONGEST),
        lt(reservations.starts_at, to),
        gt(reservations.member_id, after),
      ),
    )
    .groupBy(reservations.member_id)
    .orderBy(asc(reservations.member_id))
    .limit(limit);
