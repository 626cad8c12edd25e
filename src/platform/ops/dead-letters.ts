/** What the queue gave up on: seen by staff, replayed by them. */

import type { z } from "@hono/zod-openapi";
import { and, desc, eq, lt } from "drizzle-orm";
import { write } from "../db/commit.ts";
import { type Page, readCursor, toPage } from "../db/page.ts";
import { deadLetters, outbox } from "../db/tables.ts";
import type { EventEnvelope } from "../events.ts";
import { problem } from "../problem.ts";
import { sendEvents } from "../queue.ts";
import type { Space } from "../space.ts";
import { toIso } from "../time.ts";
import type { DeadLetter } from "./contract.ts";

type Row = typeof deadLetters.$inferSelect;
type View = z.output<typeof DeadLetter>;

const view = (row: Row): View => {
  const { id, type, subject, occurred_at } = row.envelope as EventEnvelope;
  return {
    id: row.id,
    status: row.status,
    event: { id, type, subject: { type: subject.type, id: subject.id }, occurred_at: toIso(occurred_at) },
    created_at: toIso(row.created_at),
    updated_at: toIso(row.updated_at),
    version: row.version,
  };
};

/** Newest first (ids sort by time). */
export async function listDeadLetters(
  space: Space,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<View>> {
  const after = readCursor(query.cursor, "dead_letters");
  const rows = await space.db
    .select()
    .from(deadLetters)
    .where(space.store.in(deadLetters, after ? lt(deadLetters.id, after.id) : undefined))
    .orderBy(desc(deadLetters.id))
    .limit(query.limit + 1);
  return toPage(rows, query.limit, "dead_letters", (row) => ({ value: row.created_at, id: row.id }), view);
}

async function read(space: Space, id: string): Promise<Row> {
  const [row] = await space.db
    .select()
    .from(deadLetters)
    .where(space.store.in(deadLetters, eq(deadLetters.id, id)));
  if (!row) throw problem("not_found");
  return row;
}

/** One dead letter. @throws not_found */
export const readDeadLetter = async (space: Space, id: string): Promise<View> => view(await read(space, id));

/** Puts the event back into the outbox and the queue. @throws illegal_transition when it was replayed before. */
export async function replayDeadLetter(space: Space, id: string): Promise<View> {
  const row = await read(space, id);
  const envelope = row.envelope as EventEnvelope;
  const after: Row = { ...row, status: "replayed", updated_at: space.now, version: row.version + 1 };
  await space.commit(
    {
      action: "dead_letter.replayed",
      subject: { type: "dead_letter", id, version: after.version },
      after: { event_id: envelope.id },
    },
    write(
      space.db
        .update(deadLetters)
        .set({ status: after.status, updated_at: after.updated_at, version: after.version })
        .where(and(space.store.in(deadLetters, eq(deadLetters.id, id)), eq(deadLetters.status, "parked"))),
      { expect: "illegal_transition" },
    ),
    write(
      space.db
        .insert(outbox)
        .values(space.store.row({ event_id: envelope.id, envelope, created_at: space.now, sent_at: space.now }))
        .onConflictDoNothing(),
    ),
  );
  space.defer(sendEvents([envelope]));
  return view(after);
}
