/** Who holds bookings on a machine: whom its state concerns. */

import { and, asc, eq, gt, inArray, lt } from "drizzle-orm";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { DAY } from "../../../platform/time.ts";
import { reservations } from "../tables.ts";

/** Bookings of a machine that hold time. */
const HOLDING = ["pending", "approved", "active"] as const;
/** No booking is longer. */
const LONGEST = 31 * DAY;
/** No machine has this many bookings ahead: a worker keeps its memory. */
const MAX = 2_000;

/** A booking and its holder. Times are epoch milliseconds. */
interface Holding {
  reservation_id: string;
  member_id: string;
  starts_at: number;
  ends_at: number;
}

/** Bookings on a machine that have not ended and start before `to`, in order of start. */
export const holdingsOn = (store: SpaceStore, equipment_id: string, now: number, to: number): Promise<Holding[]> =>
  store.db
    .select({
      reservation_id: reservations.id,
      member_id: reservations.member_id,
      starts_at: reservations.starts_at,
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
      ),
    )
    .orderBy(asc(reservations.starts_at), asc(reservations.id))
    .limit(MAX);
