/** Calendar feeds: made once, their address shown once, revoked at once. */

import type { z } from "@hono/zod-openapi";
import { and, desc, eq, isNull, lt } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId, newSecret, sha256 } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { unknownMachines } from "../machines/index.ts";
import { calendarFeeds } from "../tables.ts";
import type { CalendarFeed, CalendarFeedInput, CalendarFeedQuery, NewCalendarFeed } from "./contract.ts";
import { type CalendarFeedRow, viewCalendarFeed } from "./view.ts";

type View = z.output<typeof CalendarFeed>;
type NewView = z.output<typeof NewCalendarFeed>;

/** Names what it is at sight, so that scanners find one that was posted by mistake. */
const newToken = (): string => `mkf_${newSecret()}`;

const addressOf = ({ id }: Space, origin: string, token: string): string =>
  `${origin}/api/v1/makerspaces/${id}/calendars/${token}.ics`;

const defaultName = {
  mine: "My bookings",
  equipment: "Bookings of a machine",
  makerspace: "All bookings",
} as const satisfies Record<CalendarFeedRow["scope"], string>;

/**
 * Makes a feed; the answer is the only place where its address ever stands.
 * @throws unknown_reference for a machine that is not here; too_many_calendar_feeds; forbidden without a membership
 */
export async function createCalendarFeed(
  space: Space,
  { scope, name = defaultName[scope], ...input }: z.output<typeof CalendarFeedInput>,
  origin: string,
): Promise<NewView> {
  const { id: member_id } = space.member;
  const { equipment_id = null } = input;
  if (equipment_id !== null && (await unknownMachines(space, [equipment_id])).length > 0) {
    throw problem("unknown_reference", {
      errors: [{ pointer: "/equipment_id", code: "unknown", detail: "names no machine" }],
    });
  }
  const token = newToken();
  const row: CalendarFeedRow = space.store.row({
    id: newId(),
    member_id,
    name,
    scope,
    equipment_id,
    digest: await sha256(token),
    revoked_at: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  await space.commit(
    {
      action: "calendar_feed.created",
      subject: { type: "calendar_feed", id: row.id, version: 1 },
      after: { member_id, scope, equipment_id },
    },
    // A trigger refuses one too many in these words.
    write(space.db.insert(calendarFeeds).values(row), { expect: "too_many_calendar_feeds" }),
  );
  return { ...viewCalendarFeed(row), url: addressOf(space, origin, token) };
}

/** Feeds, newest first; one's own unless one may see all. @throws forbidden for those of others */
export async function listCalendarFeeds(
  space: Space,
  { limit, cursor, ...filter }: z.output<typeof CalendarFeedQuery>,
): Promise<Page<View>> {
  const all = space.scope("calendar_feeds.read") === "any";
  if (!all && (filter.member_id ?? space.actor.id) !== space.actor.id) throw problem("forbidden");
  const member_id = all ? filter.member_id : space.actor.id;
  const list = ["calendar_feeds", filter, all];
  const after = readCursor(cursor, list);
  const rows = await space.db
    .select()
    .from(calendarFeeds)
    .where(
      space.store.in(
        calendarFeeds,
        member_id === undefined ? undefined : leads(calendarFeeds.member_id, member_id),
        after ? lt(calendarFeeds.id, after.id) : undefined,
      ),
    )
    .orderBy(desc(calendarFeeds.id))
    .limit(limit + 1);
  return toPage(rows, limit, list, (row) => ({ value: row.id, id: row.id }), viewCalendarFeed);
}

async function required(
  space: Space,
  id: string,
  permission: "calendar_feeds.read" | "calendar_feeds.manage",
): Promise<CalendarFeedRow> {
  const [row] = await space.db
    .select()
    .from(calendarFeeds)
    .where(space.store.in(calendarFeeds, eq(calendarFeeds.id, id)));
  if (!row || (space.scope(permission) !== "any" && row.member_id !== space.actor.id)) throw problem("not_found");
  return row;
}

/** One feed. @throws not_found, also for those of others */
export const readCalendarFeed = async (space: Space, id: string): Promise<View> =>
  viewCalendarFeed(await required(space, id, "calendar_feeds.read"));

const whileActive = (space: Space, id: string) =>
  space.store.in(calendarFeeds, and(eq(calendarFeeds.id, id), isNull(calendarFeeds.revoked_at)));

/**
 * Gives a feed another address. Its owner alone gets one: it opens what they may see.
 * @throws not_found, also for staff; conflict for a feed that was revoked
 */
export async function renewCalendarFeed(space: Space, id: string, origin: string): Promise<NewView> {
  const row = await required(space, id, "calendar_feeds.manage");
  if (row.member_id !== space.actor.id) throw problem("not_found");
  const token = newToken();
  const after = { ...row, digest: await sha256(token), updated_at: space.now, version: row.version + 1 };
  const { digest, updated_at, version } = after;
  await space.commit(
    { action: "calendar_feed.renewed", subject: { type: "calendar_feed", id, version } },
    write(space.db.update(calendarFeeds).set({ digest, updated_at, version }).where(whileActive(space, id)), {
      expect: "conflict",
    }),
  );
  return { ...viewCalendarFeed(after), url: addressOf(space, origin, token) };
}

/** Revokes a feed; repeating it changes nothing. @throws not_found */
export async function revokeCalendarFeed(space: Space, id: string): Promise<void> {
  const row = await required(space, id, "calendar_feeds.manage");
  if (row.revoked_at !== null) return;
  const version = row.version + 1;
  await space.commit(
    { action: "calendar_feed.revoked", subject: { type: "calendar_feed", id, version }, before: { revoked_at: null } },
    write(
      space.db
        .update(calendarFeeds)
        .set({ revoked_at: space.now, updated_at: space.now, version })
        .where(whileActive(space, id)),
    ),
  );
}
