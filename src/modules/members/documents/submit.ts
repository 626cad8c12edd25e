/** Documents handed in, and taken back. The file is there before its row, and goes after it. */

import type { z } from "@hono/zod-openapi";
import { and, eq, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import { newId } from "../../../platform/ids.ts";
import { claimLoose, dropLoose, letGo, noteLoose } from "../../../platform/loose-files.ts";
import { problem } from "../../../platform/problem.ts";
import type { Upload } from "../../../platform/route.ts";
import type { Space } from "../../../platform/space.ts";
import { type Received, receiveFile } from "../../../platform/uploads.ts";
import type { Document, SubmitQuery } from "./contract.ts";
import { documentTransitions, documentTypes, MAX_DOCUMENTS, mayStep } from "./model.ts";
import { fileOf, findDocument, requireReach } from "./reads.ts";
import { memberDocuments } from "./tables.ts";
import { type DocumentRow, viewDocument } from "./view.ts";

type Wish = z.output<typeof SubmitQuery>;

const invalid = (name: string, code: string, detail: string) =>
  problem("invalid_parameter", { errors: [{ pointer: `/${name}`, code, detail }] });

/** @throws invalid_parameter for a kind that the makerspace does not ask for, or an end that has passed */
function judgeWish(space: Space, { kind, expires_at }: Wish): void {
  const known = space.settings.sections.access.document_kinds.some(({ code }) => code === kind);
  if (!known) throw invalid("kind", "unknown", "is no kind of document that this makerspace takes");
  if (expires_at !== undefined && expires_at <= space.now) throw invalid("expires_at", "too_early", "has passed");
}

/** The document that a new one follows. @throws unknown_reference, illegal_transition */
async function followed(space: Space, member_id: string, { replaces, kind }: Wish): Promise<DocumentRow | null> {
  if (replaces === undefined) return null;
  const old = await findDocument(space, member_id, replaces).catch(() => null);
  if (old?.kind !== kind) throw problem("unknown_reference");
  if (!mayStep("replace", old.status)) throw problem("illegal_transition", { current_status: old.status });
  return old;
}

/**
 * Which document goes when the one that follows `old` is verified: `old`, or what `old` was to follow where that still stands, because
 * `old` goes at once and what counts goes on counting.
 */
async function followedAtLast(space: Space, old: DocumentRow): Promise<string> {
  if (old.status === "verified" || old.replaces_id === null) return old.id;
  const first = await findDocument(space, old.member_id, old.replaces_id).catch(() => null);
  return first && mayStep("replace", first.status) ? first.id : old.id;
}

/** Another took its place: part of the batch in which that happens. */
export const replaceWrites = (space: Space, old: Pick<DocumentRow, "id" | "status" | "version">): Write[] => [
  write(
    space.db
      .update(memberDocuments)
      .set({
        status: documentTransitions.replace.to,
        due_at: null,
        updated_at: space.now,
        version: old.version + 1,
      })
      .where(
        space.store.in(memberDocuments, and(eq(memberDocuments.id, old.id), eq(memberDocuments.version, old.version))),
      ),
    { expect: "conflict" },
  ),
  letGo(space.store, fileOf(old), space.now),
];

/** One row, unless the member has too many: the statement itself counts. */
const insertDocument = (space: Space, row: DocumentRow): Write =>
  write(
    space.db.run(sql`
      INSERT INTO member_documents (makerspace_id, id, member_id, kind, status, content_type, size, sha256, expires_at, replaces_id,
                                    submitted_by, version, created_at, updated_at)
      SELECT ${space.id}, ${row.id}, ${row.member_id}, ${row.kind}, ${row.status}, ${row.content_type}, ${row.size}, ${row.sha256},
             ${row.expires_at}, ${row.replaces_id}, ${row.submitted_by}, 1, ${space.now}, ${space.now}
      WHERE (SELECT count(*) FROM member_documents
             WHERE makerspace_id = ${space.id} AND member_id = ${row.member_id} AND status <> 'replaced') < ${MAX_DOCUMENTS}`),
    { expect: "too_many_documents", unique: { "member_documents.replaces_id": "conflict" } },
  );

const newRow = (
  space: Space,
  id: string,
  member_id: string,
  { wish, replaces_id }: { wish: Wish; replaces_id: string | null },
  received: Received & Pick<DocumentRow, "content_type">,
): DocumentRow =>
  space.store.row({
    ...received,
    id,
    member_id,
    kind: wish.kind,
    status: "pending" as const,
    reason: null,
    expires_at: wish.expires_at ?? null,
    replaces_id,
    submitted_by: space.actor.id,
    decided_by: null,
    decided_at: null,
    due_at: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });

/**
 * Takes a file in and puts it before the staff.
 * @throws not_found, invalid_parameter, unknown_reference, illegal_transition; file_type_refused, malformed_request; too_many_documents, conflict
 */
export async function submitDocument(
  space: Space,
  member_id: string,
  wish: Wish,
  upload: Upload,
): Promise<z.output<typeof Document>> {
  await requireReach(space, "documents.submit", member_id);
  judgeWish(space, wish);
  const old = await followed(space, member_id, wish);
  const id = newId();
  const file = fileOf({ id });
  await noteLoose(space.store, file, space.now);
  const received = await receiveFile({ makerspace_id: space.id, ...file }, upload, documentTypes);
  const row = newRow(space, id, member_id, { wish, replaces_id: old && (await followedAtLast(space, old)) }, received);
  // What counts goes on counting until staff have looked at what follows it.
  const makesRoom = old !== null && old.status !== "verified";
  const { kind, replaces_id } = row;
  await space.commit(
    {
      action: "document.submitted",
      subject: { type: "document", id, version: 1 },
      after: { member_id, kind, replaces_id },
      events: [{ type: "document.submitted", data: { member_id, kind } }],
    },
    ...(makesRoom ? replaceWrites(space, old) : []),
    insertDocument(space, row),
    claimLoose(space.store, file),
  );
  if (makesRoom) await dropLoose(space.store, [fileOf(old)]);
  return viewDocument(row);
}

/** Deletes a document and its file. @throws not_found */
export async function deleteDocument(space: Space, member_id: string, id: string): Promise<void> {
  await requireReach(space, "documents.submit", member_id);
  const row = await findDocument(space, member_id, id);
  await space.commit(
    {
      action: "document.deleted",
      subject: { type: "document", id, version: row.version + 1 },
      before: { member_id, kind: row.kind, status: row.status },
    },
    write(space.db.delete(memberDocuments).where(space.store.in(memberDocuments, eq(memberDocuments.id, id))), {
      expect: "not_found",
    }),
    letGo(space.store, fileOf(row), space.now),
  );
  await dropLoose(space.store, [fileOf(row)]);
}
