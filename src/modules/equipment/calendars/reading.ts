/** What a calendar program reads by a feed's address: a month back, a year ahead, as its owner may see it at this moment. */

import { and, eq, gte, lt, sql } from "drizzle-orm";
import { Access } from "../../../platform/access/permissions.ts";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { readTogether } from "../../../platform/db/ready.ts";
import { directoryShardOf } from "../../../platform/db/shards.ts";
import { SpaceStore } from "../../../platform/db/store.ts";
import { sha256 } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import { DAY } from "../../../platform/time.ts";
import { memberById } from "../../members/index.ts";
import { machineNames } from "../machines/index.ts";
import { reservationStatuses } from "../model.ts";
import { calendarFeeds, reservations } from "../tables.ts";
import { type CalendarEvent, writeCalendar } from "./ics.ts";
import type { CalendarFeedRow } from "./view.ts";

const BACK = 31 * DAY;
const AHEAD = 366 * DAY;
/** More than any program shows; the earliest of the window are kept. */
const EVENTS_AT_MOST = 2_000;

type Booking = typeof reservations.$inferSelect;
type Owner = NonNullable<ReturnType<typeof memberById.read>>;

/** The feed behind an address, and whose it is. @throws not_found for an address that nobody made; link_expired for one that ended */
async function openFeed(makerspace_id: string, token: string) {
  const shard = await directoryShardOf(makerspace_id);
  if (shard === null) throw problem("not_found");
  const store = new SpaceStore(makerspace_id, shard);
  const digest = await sha256(token.replace(/\.ics$/, ""));
  const [feed] = await store.db
    .select()
    .from(calendarFeeds)
    .where(store.in(calendarFeeds, eq(calendarFeeds.digest, digest)));
  if (!feed) throw problem("not_found");
  if (feed.revoked_at !== null) throw problem("link_expired");
  const [found] = await readTogether(store, [memberById.build], { member_id: feed.member_id });
  const owner = memberById.read(found);
  // Who may not come in sees nothing either; the feed goes on when they may again.
  if (owner?.status !== "active" && owner?.status !== "expired") throw problem("not_found");
  return { store, feed, owner };
}

/** The bookings of a feed's window, earliest first; each walk follows an index. */
function bookingsOf(store: SpaceStore, feed: CalendarFeedRow, now: number): Promise<Booking[]> {
  const { scope, member_id, equipment_id } = feed;
  const narrowed = scope !== "makerspace";
  const walks = combinations({ status: narrowed ? reservationStatuses : undefined }).map(({ status }) =>
    store.db
      .select()
      .from(reservations)
      .where(
        store.in(
          reservations,
          and(
            scope === "mine" ? leads(reservations.member_id, member_id) : undefined,
            scope === "equipment" ? leads(reservations.equipment_id, equipment_id ?? "") : undefined,
            status === undefined ? undefined : leads(reservations.status, status),
            gte(reservations.starts_at, now - BACK),
            lt(reservations.starts_at, now + AHEAD),
            sql`${reservations.orphan} = 0`,
          ),
        ),
      )
      .orderBy(reservations.starts_at, reservations.id)
      .limit(EVENTS_AT_MOST),
  );
  const byStart = (a: Booking, b: Booking) => a.starts_at - b.starts_at || (a.id < b.id ? -1 : 1);
  return mergeWalks(store.db, walks, byStart, EVENTS_AT_MOST);
}

/** Booking → event. What others do on a machine is a busy time, unless the owner of the feed is staff there. */
function toEvent(booking: Booking, owner: Owner, access: Access, machine: string): CalendarEvent {
  const { id, equipment_id, member_id, status, starts_at, ends_at, version, created_at, updated_at } = booking;
  const isMine = member_id === owner.id;
  const sees = isMine || access.scope("reservations.read", equipment_id) === "any";
  return {
    id,
    status,
    starts_at,
    ends_at,
    version,
    created_at,
    updated_at,
    title: isMine ? machine : `${machine}: booked`,
    description: sees ? booking.purpose : null,
  };
}

/**
 * The calendar of a feed as text (RFC 5545), and what it is called.
 * @throws not_found for an unknown address, and while its owner may not come in; link_expired once it was revoked
 */
export async function readCalendar(
  makerspace_id: string,
  token: string,
  now: number,
): Promise<{ name: string; text: string }> {
  const { store, feed, owner } = await openFeed(makerspace_id, token);
  const access = new Access(owner.role, owner.duties, now);
  const rows = await bookingsOf(store, feed, now);
  const names = await machineNames(store, [...new Set(rows.map(({ equipment_id }) => equipment_id))]);
  const events = rows.map((row) => toEvent(row, owner, access, names.get(row.equipment_id) ?? "Machine"));
  return { name: feed.name, text: writeCalendar({ name: feed.name, makerspace_id, events }) };
}
