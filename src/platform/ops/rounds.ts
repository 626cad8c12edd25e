/**
 * Work that waits in rows until its time has come. The clock looks which makerspaces have some and sends each one message; the message does a
 * part of it and another one goes on, until nothing is left or the clock looks again. Whatever is lost on the way is found by the next look.
 */

import type { BatchItem } from "drizzle-orm/batch";
import { messageTo, messageToAll } from "../broadcast.ts";
import { type CronTask, periods } from "../cron.ts";
import { type Database, everyShard } from "../db/driver.ts";
import type { SpaceStore } from "../db/store.ts";
import type { EventEnvelope, EventType } from "../events.ts";
import { describeError, log } from "../log.ts";
import { type Consumers, type EventHandler, NotNow, sendEvents } from "../queue.ts";

/** What one message may use. Times are epoch milliseconds. */
export interface Round {
  store: SpaceStore;
  request_id: string;
  now: number;
  /** When the clock looked: what has come since is for its next look. */
  looked_at: number;
}

/** What one message did. */
export interface RoundDone {
  /** Statements that run in one batch with the mark that makes them happen once. */
  writes?: BatchItem<"sqlite">[];
  /** More waits than one message may do: another one goes on. */
  more?: boolean;
  /** Events to send once the writes are in; those that must arrive are among the writes, too. */
  events?: readonly EventEnvelope[];
}

/** Makerspaces per look and database; the others have their turn at the next look. */
const MAKERSPACES_PER_LOOK = 1_000;

/** Work that waits in rows. */
interface Rounds<T extends EventType> {
  /** Of the task and of the handler. */
  name: string;
  schedule: CronTask["schedule"];
  /** The message's type. */
  type: T;
  /**
   * Makerspaces in which something waits, by an index over all of them; those that wait longest first where that can be told. "everywhere"
   * is each of them.
   */
  waiting:
    | "everywhere"
    | ((db: Database, now: number, limit: number) => PromiseLike<readonly { makerspace_id: string }[]>);
  /** Does a part of what waits in one makerspace. It may run twice, also at the same time. */
  work(round: Round): Promise<RoundDone>;
}

/** The clock's task and its message's consumer. */
export function rounds<T extends EventType>({
  name,
  schedule,
  type,
  waiting,
  work,
}: Rounds<T>): {
  task: CronTask;
  consumers: Consumers<T>;
} {
  const look = async (now: number): Promise<number> => {
    if (waiting === "everywhere") return messageToAll(type, now);
    const found = await Promise.all(everyShard().map((db) => waiting(db, now, MAKERSPACES_PER_LOOK)));
    const messages = found.flat().map(({ makerspace_id }) => messageTo(makerspace_id, type, now));
    await sendEvents(messages);
    return messages.length;
  };
  const handler: EventHandler = {
    name,
    async handle({ occurred_at: looked_at, makerspace_id, request_id }, { store, now, sendAfter }) {
      try {
        const { writes = [], more = false, events = [] } = await work({ store, request_id, now, looked_at });
        sendAfter(events);
        // Past the clock's next look its own messages go on: two chains would do the same work.
        if (more && now - looked_at < periods[schedule]) sendAfter([messageTo(makerspace_id, type, looked_at)]);
        return writes;
      } catch (error) {
        if (schedule !== "minute") throw error;
        // The clock comes again sooner than the queue would: no retries of each minute's message, and no dead letter for each.
        log.error("round_failed", { round: name, makerspace_id, request_id, error: describeError(error) });
        throw new NotNow();
      }
    },
  };
  // One key of a generic type is more than a computed name can show.
  const consumers = { [type]: [handler] } as unknown as Consumers<T>;
  return { task: { name, schedule, run: look }, consumers };
}
