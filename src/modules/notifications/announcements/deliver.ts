/** Published announcements on their way to those whom they concern: page by page, each page once, each page calling for the next. */

import { and, asc, eq, lte, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { EventEnvelope } from "../../../platform/events.ts";
import { describeError, log } from "../../../platform/log.ts";
import { type Round, type RoundDone, rounds } from "../../../platform/ops/rounds.ts";
import { Problem } from "../../../platform/problem.ts";
import { type Consumers, type EventHandler, type HandlerContext, toOutbox } from "../../../platform/queue.ts";
import { systemSpace } from "../../../platform/system-space.ts";
import { DAY } from "../../../platform/time.ts";
import { holdersOn } from "../../equipment/index.ts";
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
  const holders = await holdersOn(store, audience_id, { now, to: now + BOOKED_WITHIN, after, limit: PAGE });
  return holders.map((one) => one.member_id);
}

/** The envelope under which everybody is told: the same on every page, so that nobody is told twice. */
const asCause = (envelope: EventEnvelope, { id, version }: AnnouncementRow): EventEnvelope => ({
  ...envelope,
  id: `announcement.${id}`,
  type: "announcement.published",
  subject: { type: "announcement", id, version },
});

/** The next page's message, of the same name however often this page is made: of two, one page comes. */
function callForNext(
  envelope: EventEnvelope,
  { store, now, sendAfter }: HandlerContext,
  after: string,
): BatchItem<"sqlite">[] {
  const next: EventEnvelope = {
    ...envelope,
    id: `announcement.${envelope.subject.id}.after.${after}`,
    type: "announcement.fan_out_due",
    occurred_at: now,
    data: { after },
  };
  // In the outbox as well: a broker that forgets it is repaired by the minute sweep.
  sendAfter([next]);
  return toOutbox(store, [next], now);
}

async function fanOut(envelope: EventEnvelope, context: HandlerContext): Promise<BatchItem<"sqlite">[]> {
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
    ...(ids.length < PAGE ? [] : callForNext(envelope, context, last)),
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

/** Announcements per message: each is a batch of its own. */
const STEPS_PER_MESSAGE = 50;

const { status, publish_at, expires_at } = announcements;
/** What begins, and what is over; each by an index of its own, in whose words it is asked. */
const dueBy = (now: number) =>
  [
    {
      step: "publish",
      isDue: and(sql`${status} = 'scheduled'`, lte(publish_at, now)),
      since: publish_at,
      index: "announcements_to_publish",
    },
    {
      step: "expire",
      isDue: and(sql`${status} = 'published'`, lte(expires_at, now)),
      since: expires_at,
      index: "announcements_to_expire",
    },
  ] as const;

/** Publishes what is scheduled for now, and ends what is over. Somebody may have been faster. */
async function keepTime({ store, request_id, now }: Round): Promise<RoundDone> {
  const space = systemSpace(store, null, { actor_id: "announcements", request_id, now });
  let more = false;
  for (const { step, isDue, since } of dueBy(now)) {
    const rows = await store.db
      .select()
      .from(announcements)
      .where(store.in(announcements, isDue))
      .orderBy(asc(since))
      .limit(STEPS_PER_MESSAGE);
    for (const row of rows) {
      try {
        await takeStep(space, row, step, step === "publish" ? { published_at: now } : {});
        more ||= rows.length === STEPS_PER_MESSAGE;
      } catch (error) {
        if (error instanceof Problem && error.code === "conflict") continue;
        // It keeps none of the others waiting; the clock comes again.
        const { id, makerspace_id } = row;
        log.error("announcement_step_failed", {
          makerspace_id,
          announcement_id: id,
          step,
          error: describeError(error),
        });
      }
    }
  }
  return { more };
}

/** Each minute: makerspaces whose announcements begin or end. */
export const announcementRounds = rounds({
  name: "keep_announcements",
  schedule: "minute",
  type: "announcements.due",
  async waiting(db, now, limit) {
    const found = await Promise.all(
      dueBy(now).map(({ isDue, index }) =>
        db.all<{ makerspace_id: string }>(sql`
          SELECT DISTINCT makerspace_id FROM ${announcements} INDEXED BY ${sql.raw(index)} WHERE ${isDue} LIMIT ${limit}`),
      ),
    );
    return [...new Set(found.flat().map((row) => row.makerspace_id))].map((makerspace_id) => ({ makerspace_id }));
  },
  work: keepTime,
});

export const announcementConsumers: Consumers<AnnouncementEventType> = {
  "announcement.published": [page],
  "announcement.fan_out_due": [page],
};
