/** Published announcements on their way to those whom they concern: page by page, each page once, each page calling for the next. */

import { and, eq, inArray, lte, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { CronTask } from "../../../platform/cron.ts";
import { everyShard } from "../../../platform/db/driver.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { outbox } from "../../../platform/db/tables.ts";
import type { EventEnvelope } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { Problem } from "../../../platform/problem.ts";
import { type Consumers, type EventContext, type EventHandler, sendEvents } from "../../../platform/queue.ts";
import { systemSpace } from "../../../platform/system-space.ts";
import { DAY } from "../../../platform/time.ts";
import { holdingsOn } from "../../equipment/index.ts";
import { activeMemberIds } from "../../members/index.ts";
import type { AnnouncementEventType } from "../events.ts";
import { notify, pushWhatCame } from "../notify.ts";
import { takeStep } from "./service.ts";
import { announcementReaders, announcements } from "./tables.ts";
import type { AnnouncementRow } from "./view.ts";

/** Members per message: a batch of D1 and the memory of a worker bound it. */
const PAGE = 500;
/** Characters of the text that go into each inbox; the whole of it stays in one place. */
const EXCERPT = 280;
/** Bookings further ahead do not make one concerned. */
const BOOKED_WITHIN = 365 * DAY;

/** The next page of those whom it concerns, by id. */
async function readersAfter(store: SpaceStore, row: AnnouncementRow, after: string, now: number): Promise<string[]> {
  const { audience, audience_id } = row;
  if (audience !== "equipment" || audience_id === null)
    return activeMemberIds(store, { after, limit: PAGE, plan_id: audience_id });
  const holdings = await holdingsOn(store, audience_id, now, now + BOOKED_WITHIN);
  const ids = new Set(holdings.map((one) => one.member_id).filter((id) => id > after));
  return [...ids].sort().slice(0, PAGE);
}

/** The envelope under which everybody is told: the same on every page, so that nobody is told twice. */
const asCause = (envelope: EventEnvelope, { id, version }: AnnouncementRow): EventEnvelope => ({
  ...envelope,
  id: `announcement.${id}`,
  type: "announcement.published",
  subject: { type: "announcement", id, version },
});

/** The statement that keeps the next page's message, in a list: awaiting a statement would run it. */
async function callForNext(
  envelope: EventEnvelope,
  { store, now }: EventContext,
  after: string,
): Promise<BatchItem<"sqlite">[]> {
  const next: EventEnvelope = {
    ...envelope,
    id: newId(),
    type: "announcement.fan_out_due",
    occurred_at: now,
    data: { after },
  };
  // In the outbox as well: a broker that forgets it is repaired by the minute sweep. A second later this page is written.
  await sendEvents([next], 1);
  const row = { event_id: next.id, envelope: next, created_at: now, sent_at: now };
  return [store.db.insert(outbox).values(store.row(row))];
}

async function fanOut(envelope: EventEnvelope, context: EventContext): Promise<BatchItem<"sqlite">[]> {
  const { store, now } = context;
  const { id } = envelope.subject;
  const [row] = await store.db
    .select()
    .from(announcements)
    .where(store.in(announcements, eq(announcements.id, id)));
  if (row?.status !== "published") return [];
  const { after } = envelope.data;
  const ids = await readersAfter(store, row, typeof after === "string" ? after : "", now);
  const last = ids.at(-1);
  if (last === undefined) return [];
  const { title, body, requires_acknowledgement } = row;
  const data = { title, excerpt: body.slice(0, EXCERPT), requires_acknowledgement };
  const told = ids.map((member_id) => ({ member_id, subject: { type: "announcement", id }, data }));
  const named = row.audience === "all" ? [] : ids;
  return [
    store.db
      .insert(announcementReaders)
      .select(
        sql`SELECT ${store.makerspace_id}, value, ${id}, NULL, NULL FROM json_each(${JSON.stringify(named)}) WHERE true`,
      )
      .onConflictDoNothing(),
    ...(await notify(asCause(envelope, row), context, told)),
    store.db
      .update(announcements)
      .set({ told: sql`${announcements.told} + ${ids.length}` })
      .where(store.in(announcements, eq(announcements.id, id))),
    ...(ids.length < PAGE ? [] : await callForNext(envelope, context, last)),
  ];
}

const page: EventHandler = {
  name: "announce",
  handle: fanOut,
  async after(envelope, context) {
    const { after } = envelope.data;
    const cause = { ...envelope, id: `announcement.${envelope.subject.id}` };
    await pushWhatCame(cause, context, typeof after === "string" ? after : "", PAGE);
  },
};

/** Publishes what is scheduled for now, and ends what is over. Somebody may have been faster. */
async function keepTime({ request_id }: EventEnvelope, { store, now }: EventContext): Promise<void> {
  const space = systemSpace(store, null, { actor_id: "announcements", request_id, now });
  const rows = await store.db
    .select()
    .from(announcements)
    .where(store.in(announcements, isDue(now)));
  for (const row of rows) {
    try {
      if (row.status === "scheduled") await takeStep(space, row, "publish", { published_at: now });
      else await takeStep(space, row, "expire");
    } catch (error) {
      if (!(error instanceof Problem && error.code === "conflict")) throw error;
    }
  }
}

const isDue = (now: number) =>
  and(
    inArray(announcements.status, ["scheduled", "published"]),
    sql`CASE ${announcements.status} WHEN 'scheduled' THEN ${announcements.publish_at} ELSE coalesce(${announcements.expires_at}, ${Number.MAX_SAFE_INTEGER}) END <= ${now}`,
  );

export const announcementConsumers: Consumers<AnnouncementEventType> = {
  "announcement.published": [page],
  "announcement.fan_out_due": [page],
  "announcements.due": [
    {
      name: "keep_announcements",
      async handle(envelope, context) {
        await keepTime(envelope, context);
        return [];
      },
    },
  ],
};

const MAKERSPACES_PER_RUN = 500;

/** Each minute: one message per makerspace whose announcements begin or end. */
export const keepAnnouncements: CronTask = {
  name: "announcements",
  schedule: "minute",
  async run(now) {
    let sent = 0;
    const { makerspace_id, status, publish_at, expires_at } = announcements;
    for (const db of everyShard()) {
      const due = (
        await db.batch([
          db
            .selectDistinct({ makerspace_id })
            .from(announcements)
            .where(and(eq(status, "scheduled"), lte(publish_at, now)))
            .limit(MAKERSPACES_PER_RUN),
          db
            .selectDistinct({ makerspace_id })
            .from(announcements)
            .where(and(eq(status, "published"), lte(expires_at, now)))
            .limit(MAKERSPACES_PER_RUN),
        ])
      ).flat();
      const ids = [...new Set(due.map((row) => row.makerspace_id))];
      await sendEvents(
        ids.map((id) => ({
          id: newId(),
          type: "announcements.due",
          v: 1,
          makerspace_id: id,
          subject: { type: "makerspace", id, version: 0 },
          actor_id: "cron",
          request_id: newId(),
          occurred_at: now,
          data: {},
        })),
      );
      sent += ids.length;
    }
    return sent;
  },
};
