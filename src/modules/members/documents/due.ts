/** What the clockwork does with documents: a reminder before they end, and their end. Running twice changes nothing. */

import { eq, sql } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { describeError, log } from "../../../platform/log.ts";
import { rounds } from "../../../platform/ops/rounds.ts";
import { Problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { HOUR } from "../../../platform/time.ts";
import { takeStep } from "./decide.ts";
import { memberDocuments } from "./tables.ts";
import type { DocumentRow } from "./view.ts";

/** A message works on no more. */
const PER_MESSAGE = 100;

/** What is due in a makerspace, the oldest first. */
const dueRows = (store: SpaceStore, now: number): Promise<DocumentRow[]> =>
  store.db
    .select()
    .from(memberDocuments)
    .where(
      store.in(
        memberDocuments,
        sql`${memberDocuments.id} IN (
          SELECT id FROM member_documents INDEXED BY member_documents_due
          WHERE due_at IS NOT NULL AND due_at <= ${now} AND makerspace_id = ${store.makerspace_id}
          ORDER BY due_at LIMIT ${PER_MESSAGE})`,
      ),
    )
    .orderBy(memberDocuments.due_at);

/** Tells the member that it ends soon, and looks again when it does. */
async function remind(space: Space, row: DocumentRow): Promise<void> {
  const { id, member_id, kind, expires_at } = row;
  await space.commit(
    {
      action: "document.expiring",
      subject: { type: "document", id, version: row.version },
      after: { member_id, kind, expires_at },
      events: [{ type: "document.expiring", data: { member_id, kind, expires_at: expires_at ?? 0 } }],
    },
    write(
      space.db
        .update(memberDocuments)
        .set({ due_at: expires_at })
        .where(
          space.store.in(
            memberDocuments,
            eq(memberDocuments.id, id),
            eq(memberDocuments.version, row.version),
            eq(memberDocuments.due_at, row.due_at ?? 0),
          ),
        ),
      { expect: "conflict" },
    ),
  );
}

/** Who cannot be handled is looked at again an hour later, behind all others. */
const putOff = (space: Space, { id, version }: DocumentRow) =>
  space.db
    .update(memberDocuments)
    .set({ due_at: space.now + HOUR })
    .where(space.store.in(memberDocuments, eq(memberDocuments.id, id), eq(memberDocuments.version, version)));

async function handleOrPutOff(space: Space, row: DocumentRow): Promise<void> {
  try {
    if (row.expires_at !== null && row.expires_at > space.now) await remind(space, row);
    else await takeStep(space, row, "expire", { due_at: null });
  } catch (error) {
    // Somebody else was faster.
    if (error instanceof Problem && error.code === "conflict") return;
    log.error("document_due_failed", { makerspace_id: space.id, id: row.id, error: describeError(error) });
    await putOff(space, row);
  }
}

/** Each quarter of an hour: makerspaces with a document that is due. */
export const documentRounds = (source: SettingsSource) =>
  rounds({
    name: "documents_due",
    schedule: "quarter",
    type: "documents.due",
    waiting: (db, now, limit) =>
      db.all<{ makerspace_id: string }>(sql`
        SELECT DISTINCT makerspace_id FROM member_documents INDEXED BY member_documents_due
        WHERE due_at IS NOT NULL AND due_at <= ${now} LIMIT ${limit}`),
    async work({ store, request_id, now }) {
      const space = await loadSystemSpace(store, source, { actor_id: "documents", request_id, now });
      if (!space) return {};
      const rows = await dueRows(store, now);
      for (const row of rows) await handleOrPutOff(space, row);
      return { more: rows.length === PER_MESSAGE };
    },
  });
