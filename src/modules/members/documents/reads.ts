/** Documents as they are read: by their member, and by those whose duty it is. */

import type { z } from "@hono/zod-openapi";
import { and, asc, eq, gt } from "drizzle-orm";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { fileExtensions } from "../../../platform/file-types.ts";
import { linkFile } from "../../../platform/files.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { MINUTE, toIso } from "../../../platform/time.ts";
import { requiredMember } from "../people/moves.ts";
import type { Document, DocumentLink, DocumentQuery, MemberDocumentQuery } from "./contract.ts";
import { documentStatuses } from "./model.ts";
import { memberDocuments } from "./tables.ts";
import { type DocumentRow, viewDocument } from "./view.ts";

type View = z.output<typeof Document>;

/** Where the file of a document lies. */
export const fileOf = ({ id }: Pick<DocumentRow, "id">) => ({ kind: "document", id });

/** What a download is open for. */
const LINK_TTL = 10 * MINUTE;

/** @throws not_found for what is neither one's own nor one's duty, and for nobody's */
export async function requireReach(
  space: Space,
  permission: "documents.read" | "documents.submit",
  member_id: string,
): Promise<void> {
  if (space.actor.id === member_id) return;
  if (space.scope(permission) !== "any") throw problem("not_found");
  await requiredMember(space, member_id);
}

/** One document of a member. @throws not_found */
export async function findDocument(space: Space, member_id: string, id: string): Promise<DocumentRow> {
  const [row] = await space.db
    .select()
    .from(memberDocuments)
    .where(space.store.in(memberDocuments, eq(memberDocuments.id, id), eq(memberDocuments.member_id, member_id)));
  if (!row) throw problem("not_found");
  return row;
}

/** @throws not_found */
export async function readDocument(space: Space, member_id: string, id: string): Promise<View> {
  await requireReach(space, "documents.read", member_id);
  return viewDocument(await findDocument(space, member_id, id));
}

/** One index walk per combination, oldest first. */
async function walk(
  space: Space,
  list: unknown,
  filters: Record<"member_id" | "kind" | "status", readonly string[] | undefined>,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<View>> {
  const after = readCursor(cursor, list);
  const walks = combinations(filters).map((one) =>
    space.db
      .select()
      .from(memberDocuments)
      .where(
        space.store.in(
          memberDocuments,
          and(
            one.member_id === undefined ? undefined : leads(memberDocuments.member_id, one.member_id),
            one.kind === undefined ? undefined : leads(memberDocuments.kind, one.kind),
            one.status === undefined ? undefined : leads(memberDocuments.status, one.status),
            after ? gt(memberDocuments.id, after.id) : undefined,
          ),
        ),
      )
      .orderBy(asc(memberDocuments.id))
      .limit(limit + 1),
  );
  const byId = (a: DocumentRow, b: DocumentRow): number => (a.id < b.id ? -1 : 1);
  const rows = await space.time("db", mergeWalks<DocumentRow>(space.db, walks, byId, limit + 1));
  return toPage(rows, limit, list, (row) => ({ value: row.id, id: row.id }), viewDocument);
}

/** Of one member. @throws not_found, invalid_cursor */
export async function listMemberDocuments(
  space: Space,
  member_id: string,
  { status, ...page }: z.output<typeof MemberDocumentQuery>,
): Promise<Page<View>> {
  await requireReach(space, "documents.read", member_id);
  const filters = { member_id: [member_id], kind: undefined, status: status ?? documentStatuses };
  return walk(space, ["member_documents", member_id, status], filters, page);
}

/** Of everybody: those that wait for a decision unless told. @throws invalid_cursor */
export const listDocuments = (
  space: Space,
  { status, kind, ...page }: z.output<typeof DocumentQuery>,
): Promise<Page<View>> =>
  walk(
    space,
    ["documents", status, kind],
    { member_id: undefined, kind: kind && [...new Set(kind)].sort(), status: status ?? ["pending"] },
    page,
  );

/**
 * A link to the file. Who opens what is in the audit before there is a link.
 * @throws not_found; illegal_transition when another took its place, and its file is gone
 */
export async function openDocument(
  space: Space,
  member_id: string,
  id: string,
): Promise<z.output<typeof DocumentLink>> {
  await requireReach(space, "documents.read", member_id);
  const row = await findDocument(space, member_id, id);
  if (row.status === "replaced") throw problem("illegal_transition", { current_status: row.status });
  await space.commit({
    action: "document.opened",
    subject: { type: "document", id, version: row.version },
    after: { member_id },
  });
  const filename = `${row.kind}-${id}.${fileExtensions[row.content_type]}`;
  const file = { makerspace_id: space.id, ...fileOf(row) };
  const { url, expires_at } = await linkFile(file, { filename, now: space.now, expires_at: space.now + LINK_TTL });
  return { url, expires_at: toIso(expires_at) };
}
