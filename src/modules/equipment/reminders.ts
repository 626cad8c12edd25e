/** Reminders: a booking starts within two hours, a session ends within ten minutes. Found by the clock, each told once; one that is moved, anew. */

import { lt, type SQL, sql } from "drizzle-orm";
import type { Database } from "../../platform/db/driver.ts";
import { insertAll } from "../../platform/db/insert-all.ts";
import type { EventEnvelope } from "../../platform/events.ts";
import { type Round, type RoundDone, rounds } from "../../platform/ops/rounds.ts";
import { toOutbox } from "../../platform/queue.ts";
import { DAY, HOUR, MINUTE } from "../../platform/time.ts";
import type { ReminderEventType } from "./events.ts";
import { reminders } from "./tables.ts";

/** A kind of reminder. */
interface Kind {
  type: ReminderEventType;
  subject: "reservation" | "session";
  /** What is due: its time is at hand, and it was made before that. What was made since was told then. */
  from: (now: number) => SQL;
}

/** Nobody was reminded of this yet. The moment is part of it: what is moved is told anew. */
const untold = (id: string, moment: string): SQL => sql`NOT EXISTS (
  SELECT 1 FROM reminders told
  WHERE told.makerspace_id = r.makerspace_id AND told.moment = ${sql.raw(moment)} AND told.subject_id = ${sql.raw(id)})`;

const STARTS_SOON = 2 * HOUR;
const ENDS_SOON = 10 * MINUTE;

const kinds: readonly Kind[] = [
  {
    type: "reservation.starts_soon",
    subject: "reservation",
    from: (now) => sql`FROM reservations r
      WHERE r.status = 'approved' AND r.orphan = 0 AND r.starts_at > ${now} AND r.starts_at <= ${now + STARTS_SOON}
        AND r.created_at <= r.starts_at - ${STARTS_SOON} AND ${untold("r.id", "r.starts_at")}`,
  },
  {
    type: "session.ends_soon",
    subject: "session",
    from: (now) => sql`FROM sessions r
      WHERE r.status = 'active' AND r.orphan = 0 AND r.planned_end_at > ${now} AND r.planned_end_at <= ${now + ENDS_SOON}
        AND r.started_at <= r.planned_end_at - ${ENDS_SOON} AND ${untold("r.id", "r.planned_end_at")}`,
  },
];

/** Columns of each kind: its data as its event has it, and the moment that it is about. */
const columns = {
  reservation: sql`r.id, r.version, r.starts_at AS moment, json_object('equipment_id', r.equipment_id, 'member_id', r.member_id,
    'status', r.status, 'starts_at', r.starts_at, 'ends_at', r.ends_at) AS data`,
  session: sql`r.id, r.version, r.planned_end_at AS moment, json_object('equipment_id', r.equipment_id, 'member_id', r.member_id,
    'reservation_id', r.reservation_id, 'planned_end_at', r.planned_end_at) AS data`,
} as const;

interface Due {
  id: string;
  version: number;
  moment: number;
  data: string;
}

/** Reminders per message and kind; another one goes on. */
const PER_MESSAGE = 200;
/** Longer than it could be found again. */
const REMEMBERED = DAY;
/** Of the same name however often it is found: it is told once. */
const eventOf = ({ store, request_id, now }: Round, { type, subject }: Kind, due: Due): EventEnvelope => ({
  id: `${due.id}:${type}:${due.moment}`,
  type,
  v: 1,
  makerspace_id: store.makerspace_id,
  subject: { type: subject, id: due.id, version: due.version },
  actor_id: "clock",
  request_id,
  occurred_at: now,
  data: JSON.parse(due.data) as Record<string, unknown>,
});

async function remind(round: Round): Promise<RoundDone> {
  const { store, now, looked_at } = round;
  const found = await Promise.all(
    kinds.map((kind) =>
      store.db.all<Due>(
        sql`SELECT ${columns[kind.subject]} ${kind.from(looked_at)} AND r.makerspace_id = ${store.makerspace_id} LIMIT ${PER_MESSAGE}`,
      ),
    ),
  );
  const events = kinds.flatMap((kind, index) => (found[index] ?? []).map((due) => eventOf(round, kind, due)));
  const told = found.flat().map(({ id, moment }) => store.row({ moment, subject_id: id }));
  const forget = store.db.delete(reminders).where(store.in(reminders, lt(reminders.moment, looked_at - REMEMBERED)));
  return {
    writes: [...insertAll(store, reminders, told), ...toOutbox(store, events, now), forget],
    events,
    more: found.some((rows) => rows.length === PER_MESSAGE),
  };
}

/** Makerspaces with somebody to remind, by the indexes over what lies ahead. */
const waiting = async (db: Database, now: number, limit: number) => {
  const found = await Promise.all(
    kinds.map(({ from }) =>
      db.all<{ makerspace_id: string }>(sql`SELECT DISTINCT r.makerspace_id ${from(now)} LIMIT ${limit}`),
    ),
  );
  return [...new Set(found.flat().map((row) => row.makerspace_id))].map((makerspace_id) => ({ makerspace_id }));
};

/** Each minute. */
export const reminderRounds = rounds({
  name: "remind",
  schedule: "minute",
  type: "reminders.due",
  waiting,
  work: remind,
});
