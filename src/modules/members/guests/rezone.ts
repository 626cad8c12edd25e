/** Visits are of a day on the makerspace's wall clock: with another time zone that day begins and ends elsewhere. */

import { sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import { dayOn, localDate } from "../memberships/cycles.ts";
import { FARTHEST_DAYS } from "./model.ts";

/** Zones lie a day and some hours apart at most. */
const BETWEEN_ZONES_DAYS = 2;

/** Days on which an open visit can be, as dates, with their instants in a zone. */
function openDays(now: number, timezone: string) {
  const first = Date.parse(localDate(now, "UTC")) - BETWEEN_ZONES_DAYS * DAY;
  return Array.from({ length: FARTHEST_DAYS + 2 * BETWEEN_ZONES_DAYS + 1 }, (_, index) => {
    const on = new Date(first + index * DAY).toISOString().slice(0, 10);
    return { on, ...dayOn(on, timezone) };
  });
}

/** The days of visits that are not over, as they are in the makerspace's next zone: part of the commit that changes it. */
export const rezoneVisits = ({ store, db, now }: Space, timezone: string): Write[] => [
  write(
    db.run(sql`
      UPDATE guest_visits SET day_from = day.value ->> 'from', day_to = day.value ->> 'to', due_at = day.value ->> 'to',
        updated_at = ${now}, version = guest_visits.version + 1
      FROM json_each(${JSON.stringify(openDays(now, timezone))}) AS day
      WHERE guest_visits.makerspace_id = ${store.makerspace_id} AND guest_visits.status IN ('expected', 'arrived')
        AND guest_visits.visit_on = day.value ->> 'on'`),
  ),
];
