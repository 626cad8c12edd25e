/** Bookings that somebody did not come to, read with the other facts of a booking: no row for those who come. */

import { and, desc, eq, type SQL, sql } from "drizzle-orm";
import type { BatchRead } from "../../../platform/access/membership.ts";
import { CLOCK } from "../../../platform/db/columns.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { DAY } from "../../../platform/time.ts";
import { reservations } from "../tables.ts";
import { COOL_DOWN_MOST } from "./quotas.ts";

/** A cool-down may last as long as it looks back. */
const LOOK_BACK = sql.raw(String(2 * COOL_DOWN_MOST.within_days * DAY));

const select = (store: SpaceStore, member: SQL) =>
  store.db
    .select({ starts_at: reservations.starts_at })
    .from(reservations)
    .where(
      store.in(
        reservations,
        and(
          sql`${reservations.member_id} = ${member}`,
          eq(reservations.status, "no_show"),
          sql`${reservations.starts_at} > ${CLOCK} - ${LOOK_BACK}`,
          eq(reservations.orphan, false),
        ),
      ),
    )
    .orderBy(desc(reservations.starts_at))
    .limit(COOL_DOWN_MOST.after);

const read = (rows: unknown): number[] => (rows as { starts_at: number }[]).map(({ starts_at }) => starts_at);

/** Of the caller. */
export const missedByUser: BatchRead<number[]> = {
  build: (store, { user_id = "" }) =>
    select(
      store,
      sql`(SELECT m.id FROM members m WHERE m.makerspace_id = ${store.makerspace_id} AND m.user_id = ${user_id})`,
    ),
  read,
};

/** Of the member `member_id`. */
export const missedByMember: BatchRead<number[]> = {
  build: (store, { member_id = "" }) => select(store, sql`${member_id}`),
  read,
};
