/** What erasures wait for: their day, a job that got stuck, the end of what is kept. Running twice changes nothing. */

import { and, asc, eq, inArray, isNull, lte, or, sql } from "drizzle-orm";
import { messageTo } from "../../../platform/broadcast.ts";
import type { CronTask } from "../../../platform/cron.ts";
import { write } from "../../../platform/db/commit.ts";
import { everyShard } from "../../../platform/db/driver.ts";
import { describeError, log } from "../../../platform/log.ts";
import { type Person, type PersonalTable, rowsOf } from "../../../platform/personal-data.ts";
import { Problem } from "../../../platform/problem.ts";
import { type Consumers, NotNow, sendEvents } from "../../../platform/queue.ts";
import type { Space } from "../../../platform/space.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { DAY, SECOND } from "../../../platform/time.ts";
import { bans } from "../bans/tables.ts";
import { recordsOf } from "../data_exports/service.ts";
import { members } from "../tables.ts";
import { eraseLatecomers } from "./job.ts";
import { SECOND_THOUGHTS } from "./model.ts";
import type { ErasurePorts } from "./port.ts";
import { beginErasure } from "./service.ts";
import { erasureKeeps, erasures } from "./tables.ts";
import type { ErasureRow, KeepRow } from "./view.ts";

const MAKERSPACES_PER_RUN = 500;
const PER_MESSAGE = 50;

/** Facts that were read before the member was shut out are refused by then, and what they caused has arrived. */
const LATE_AFTER = 20 * SECOND;

/** Each quarter of an hour: one message per makerspace with something due. */
export const erasuresEachQuarter: CronTask = {
  name: "erasures",
  schedule: "quarter",
  async run(now) {
    let sent = 0;
    for (const db of everyShard()) {
      // A ban that is over is nobody's business any more.
      await db.delete(bans).where(lte(bans.until, now));
      const due = await db.all<{ makerspace_id: string }>(sql`
        SELECT makerspace_id FROM erasures WHERE status IN ('waiting', 'running') AND due_at <= ${now}
        UNION SELECT makerspace_id FROM erasure_keeps
          WHERE ended_at IS NULL AND keep_until IS NOT NULL AND keep_until <= ${now}
        LIMIT ${MAKERSPACES_PER_RUN}`);
      await sendEvents(due.map(({ makerspace_id }) => messageTo(makerspace_id, "erasures.due", now)));
      sent += due.length;
    }
    return sent;
  },
};

/** What is in the way is said in the audit, and the first time to the member and the administrators. What changed meanwhile is left alone. */
async function putOff(space: Space, { member_id, status, ...row }: ErasureRow, error: unknown): Promise<void> {
  const code = error instanceof Problem ? error.code : null;
  log.warn("erasure_put_off", { makerspace_id: space.id, code, error: describeError(error) });
  const due_at = space.now + DAY;
  const isFirst = status === "waiting" && row.due_at === row.requested_at + SECOND_THOUGHTS;
  const change = write(
    space.db
      .update(erasures)
      .set({ due_at })
      .where(
        space.store.in(
          erasures,
          eq(erasures.member_id, member_id),
          eq(erasures.status, status),
          eq(erasures.version, row.version),
          eq(erasures.due_at, row.due_at),
        ),
      ),
    { expect: "conflict" },
  );
  const subject = { type: "member", id: member_id, version: row.version };
  const told = code !== null && isFirst ? [{ type: "member.erasure_put_off" as const, data: { code, due_at } }] : [];
  await space
    .commit({ action: "member.erasure_put_off", subject, after: { code, due_at }, events: told }, change)
    .catch((failure: unknown) => {
      if (!(failure instanceof Problem) || failure.code !== "conflict") throw failure;
    });
}

/** Begins what is due, and goes on with what got stuck; what cannot begin is tried again a day later. */
async function beginDue(space: Space, ports: ErasurePorts): Promise<void> {
  const rows = await space.db
    .select()
    .from(erasures)
    .where(
      space.store.in(
        erasures,
        or(eq(erasures.status, "waiting"), eq(erasures.status, "running")),
        lte(erasures.due_at, space.now),
      ),
    )
    .orderBy(asc(erasures.due_at))
    .limit(PER_MESSAGE);
  for (const row of rows) {
    try {
      await beginErasure(space, row.member_id, row, ports);
    } catch (error) {
      await putOff(space, row, error);
    }
  }
}

/** By the ids that are left. */
async function nobodyOf({ db, store }: Pick<Space, "db" | "store">, member_id: string): Promise<Person> {
  const rows = await db
    .select({ id: members.id })
    .from(members)
    .where(store.in(members, inArray(members.id, recordsOf(store.makerspace_id, member_id))));
  return { member_ids: rows.map(({ id }) => id), user_ids: [], emails: [] };
}

/** The time is over: the rows go. */
async function end(
  space: Space,
  entry: PersonalTable,
  { member_id, data }: KeepRow,
  { works }: ErasurePorts,
): Promise<void> {
  const nobody = await nobodyOf(space, member_id);
  const rows = rowsOf(entry, space.id, nobody);
  // Whoever holds the rows deletes them first: a failure leaves the note, and the work is repeated.
  const work = works.find((one) => one.end?.tables.includes(data));
  for (let place: string | null = work?.end ? "" : null; place !== null; )
    place = (await work?.end?.run(space.store, nobody, place)) ?? null;
  await space.commit(
    {
      action: "member.kept_data_deleted",
      subject: { type: "member", id: member_id, version: 0 },
      after: { data },
    },
    write(
      space.db
        .update(erasureKeeps)
        .set({ ended_at: space.now })
        .where(
          space.store.in(
            erasureKeeps,
            eq(erasureKeeps.member_id, member_id),
            eq(erasureKeeps.data, data),
            isNull(erasureKeeps.ended_at),
          ),
        ),
      { expect: "conflict" },
    ),
    ...(rows && ["empty", "keep"].includes(entry.erasure.how) ? [write(space.db.delete(entry.table).where(rows))] : []),
  );
}

async function endDue(space: Space, ports: ErasurePorts): Promise<void> {
  const due = await space.db
    .select()
    .from(erasureKeeps)
    .where(
      and(
        space.store.in(erasureKeeps, isNull(erasureKeeps.ended_at), lte(erasureKeeps.keep_until, space.now)),
        sql`${erasureKeeps.keep_until} IS NOT NULL`,
      ),
    )
    .orderBy(asc(erasureKeeps.keep_until))
    .limit(PER_MESSAGE);
  // As an erasure goes through them: rows that refer to others come before them.
  for (const entry of ports.registry) {
    for (const row of due.filter(({ data }) => data === entry.name)) {
      await end(space, entry, row, ports).catch((error: unknown) => {
        log.error("kept_data_left", { makerspace_id: space.id, data: row.data, error: describeError(error) });
      });
    }
  }
}

/** Handlers of an erasure's own messages. */
export const erasureConsumers = (ports: ErasurePorts): Consumers<"erasures.due" | "erasure.late_due"> => ({
  "erasures.due": [
    {
      name: "erasures_due",
      async handle({ request_id }, { store, now }) {
        const space = await loadSystemSpace(store, ports.settings, { actor_id: "erasure", request_id, now });
        if (!space) return [];
        await beginDue(space, ports);
        await endDue(space, ports);
        return [];
      },
    },
  ],
  "erasure.late_due": [
    {
      name: "erase_latecomers",
      async handle({ subject, occurred_at }, { store, now }) {
        // The outbox brings it again.
        if (now < occurred_at + LATE_AFTER) throw new NotNow();
        return eraseLatecomers(store, ports, await nobodyOf({ db: store.db, store }, subject.id), now);
      },
    },
  ],
});
