/** Answers that change nothing. */

import type { Interval } from "../../src/modules/equipment/model.ts";
import type { Availability } from "../../src/modules/equipment/port.ts";
import { closedWithin } from "../../src/platform/settings/hours.ts";
import { DAY, MINUTE } from "../../src/platform/time.ts";
import { type Layer, partition } from "./availability.ts";
import type { World } from "./journal.ts";
import { stretchesOf } from "./outages.ts";
import type { Occupancy } from "./schedule.ts";

/** More than ninety-three days of quarters of an hour. */
const MOST_OCCUPANCIES = 10_000;

const capped = (held: Occupancy[]): [Occupancy[], Occupancy | undefined] => [
  held.slice(0, MOST_OCCUPANCIES),
  held[MOST_OCCUPANCIES],
];

/** The free time in [from, to), and why the rest is not. Past 10,000 occupancies the answer stops where the next one begins. */
export function availability({ store, machine }: World, from: number, to: number, now: number): Availability {
  const { policy, zone } = machine;
  const buffer = policy.buffer_minutes * MINUTE;
  const FOREVER = Number.MAX_SAFE_INTEGER;
  // One more than is answered for tells where the answer must stop.
  const [held, beyond] = capped(store.occupancy.between(from, to + buffer, MOST_OCCUPANCIES + 1));
  const session = store.openSession();
  const until = Math.min(to, beyond?.blocked_from ?? to);
  const slots = (kind: string): Interval[] => held.filter((each) => each.kind === kind);
  const isDown = machine.status !== "available";
  const layers: Layer[] = [
    { because: "retired", intervals: store.state.retired_at === null ? [] : [{ starts_at: 0, ends_at: FOREVER }] },
    { because: "past", intervals: [{ starts_at: 0, ends_at: now }] },
    { because: "walk_up", intervals: slots("walk_up") },
    {
      because: "session",
      // Past its plan it is still in the way of whoever would begin now.
      intervals: session
        ? [{ starts_at: session.started_at, ends_at: Math.max(session.planned_end_at, now + MINUTE) }]
        : [],
    },
    { because: "reservation", intervals: slots("reservation") },
    { because: "hold", intervals: [...slots("hold"), ...slots("offer")] },
    {
      because: "buffer",
      // Before what is held as well: a new booking keeps its own buffer free.
      intervals: held.map(({ blocked_from, blocked_to }) => ({
        starts_at: blocked_from - buffer,
        ends_at: blocked_to,
      })),
    },
    {
      because: "equipment_unavailable",
      intervals: isDown ? [{ starts_at: now, ends_at: zone.endOfDay(now) }] : [],
    },
    {
      because: "outage",
      intervals: store.outages.ahead(now).flatMap((outage) => stretchesOf(outage, zone, from, until)),
    },
    {
      because: "closed",
      intervals: machine.openings.flatMap(({ hours }) =>
        closedWithin(hours, zone, from, until).map(({ from: starts_at, to: ends_at }) => ({ starts_at, ends_at })),
      ),
    },
    { because: "notice", intervals: [{ starts_at: now, ends_at: now + policy.notice_minutes * MINUTE }] },
    { because: "horizon", intervals: [{ starts_at: now + policy.horizon_days * DAY, ends_at: FOREVER }] },
  ];
  return partition({ starts_at: from, ends_at: until }, layers);
}
