/** What the clockwork does with documents: a reminder before they end, and their end. Running twice changes nothing. */

import { eq } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { among } from "../../../platform/db/columns.ts";
import { write } from "../../../platform/db/commit.ts";
import { dueRounds, eachDue } from "../../../platform/ops/due.ts";
import type { Space } from "../../../platform/space.ts";
import { takeStep } from "./decide.ts";
import { memberDocuments } from "./tables.ts";
import type { DocumentRow } from "./view.ts";

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

const handleDue = (space: Space, row: DocumentRow): Promise<unknown> =>
  row.expires_at !== null && row.expires_at > space.now
    ? remind(space, row)
    : takeStep(space, row, "expire", { due_at: null });

export const documentRounds = (source: SettingsSource) =>
  dueRounds("documents.due", memberDocuments, source, (space) =>
    eachDue(space, {
      table: memberDocuments,
      per_message: 100,
      read: (ids) =>
        space.db
          .select()
          .from(memberDocuments)
          .where(space.store.in(memberDocuments, among(memberDocuments.id, ids)))
          .orderBy(memberDocuments.due_at),
      handle: (row) => handleDue(space, row),
    }),
  );
