/** The feed: what happened in the last thirty days, in one order that never changes. */

import type { z } from "@hono/zod-openapi";
import { asc, eq, gt } from "drizzle-orm";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { eventFeed } from "../tables.ts";
import type { EventQuery, PublicEvent, PublicEventPage } from "./contract.ts";

type Row = typeof eventFeed.$inferSelect;

/** Where an event stands. @throws events_gone when it is not kept any more, or never was here */
async function placeOf(space: Space, event_id: string): Promise<number> {
  const [row] = await space.db
    .select({ seq: eventFeed.seq })
    .from(eventFeed)
    .where(space.store.in(eventFeed, eq(eventFeed.event_id, event_id)));
  if (!row) throw problem("events_gone");
  return row.seq;
}

/** Events after one, oldest first. */
export async function listEvents(
  space: Space,
  { limit, after, type }: z.output<typeof EventQuery>,
): Promise<z.output<typeof PublicEventPage>> {
  const from = after === undefined ? 0 : await placeOf(space, after);
  const walks = combinations({ type }).map((one) =>
    space.db
      .select()
      .from(eventFeed)
      .where(
        space.store.in(
          eventFeed,
          one.type === undefined ? undefined : leads(eventFeed.type, one.type),
          gt(eventFeed.seq, from),
        ),
      )
      .orderBy(asc(eventFeed.seq))
      .limit(limit + 1),
  );
  const rows = await mergeWalks<Row>(space.db, walks, (a, b) => a.seq - b.seq, limit + 1);
  const page = rows.slice(0, limit);
  return {
    data: page.map((row) => JSON.parse(row.body) as z.output<typeof PublicEvent>),
    next_cursor: rows.length > limit ? (page.at(-1)?.event_id ?? null) : null,
  };
}
