/** Files as they are read: by whoever uploaded them, and by whoever may see what they belong to. */

import type { z } from "@hono/zod-openapi";
import { and, desc, eq, lt } from "drizzle-orm";
import { combinations, leads, mergeWalks } from "../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../platform/db/page.ts";
import { replyWithFile } from "../../platform/file-replies.ts";
import type { FileType } from "../../platform/file-types.ts";
import { getFile, linkFile } from "../../platform/files.ts";
import { problem } from "../../platform/problem.ts";
import type { FileAsk } from "../../platform/ranges.ts";
import type { FileReply } from "../../platform/route.ts";
import type { Space } from "../../platform/space.ts";
import { toIso } from "../../platform/time.ts";
import type { FileInfo, FileLink, FileQuery } from "./contract.ts";
import { downloadName, type FileStatus, fileStatuses, LINK_FOR } from "./model.ts";
import type { FileOwners } from "./port.ts";
import { files } from "./tables.ts";
import { bytesOf, type FileRow, thumbnailOf, viewFile } from "./view.ts";

type View = z.output<typeof FileInfo>;
type Variant = "original" | "thumbnail";

async function findFile(space: Space, id: string): Promise<FileRow> {
  const [row] = await space.db
    .select()
    .from(files)
    .where(space.store.in(files, eq(files.id, id)));
  if (!row) throw problem("not_found");
  return row;
}

/** A file that the caller uploaded. @throws not_found */
export async function findOwn(space: Space, id: string): Promise<FileRow> {
  const row = await findFile(space, id);
  if (row.uploader_id !== space.actor.id) throw problem("not_found");
  return row;
}

/** A file that the caller may read: by what it belongs to, or as its uploader while it belongs to nothing. @throws not_found */
async function readable(space: Space, owners: FileOwners, id: string): Promise<FileRow> {
  const row = await findFile(space, id);
  const may =
    row.owner_id === null ? row.uploader_id === space.actor.id : await owners[row.purpose].mayRead(space, row.owner_id);
  if (!may) throw problem("not_found");
  return row;
}

/** @throws not_found */
export const readFile = async (space: Space, owners: FileOwners, id: string): Promise<View> =>
  viewFile(await readable(space, owners, id));

/** One's own, newest first. @throws invalid_cursor */
export async function listOwnFiles(space: Space, query: z.output<typeof FileQuery>): Promise<Page<View>> {
  const { limit, cursor } = query;
  const status: readonly FileStatus[] = query.status ?? fileStatuses;
  const list = ["files", space.actor.id, status];
  const after = readCursor(cursor, list);
  const walks = combinations({ status }).map((one) =>
    space.db
      .select()
      .from(files)
      .where(
        space.store.in(
          files,
          and(
            leads(files.uploader_id, space.actor.id),
            one.status === undefined ? undefined : leads(files.status, one.status),
            after ? lt(files.id, after.id) : undefined,
          ),
        ),
      )
      .orderBy(desc(files.id))
      .limit(limit + 1),
  );
  const newest = (a: FileRow, b: FileRow): number => (a.id > b.id ? -1 : 1);
  const rows = await space.time("db", mergeWalks(space.db, walks, newest, limit + 1));
  return toPage(rows, limit, list, (row) => ({ value: row.id, id: row.id }), viewFile);
}

/** What can be downloaded of a file. */
interface Download {
  place: { kind: string; id: string };
  size: number;
  content_type: FileType;
  filename: string;
  etag: string;
}

/** @throws not_found without such a variant; illegal_transition until it is ready, and when it was lost */
function downloadOf(row: FileRow, variant: Variant): Download {
  const { status, content_type, sha256, thumbnail_size } = row;
  if (status !== "ready" || content_type === null || sha256 === null)
    throw problem("illegal_transition", { current_status: status });
  if (variant === "original") {
    const filename = downloadName(row.name, content_type);
    return { place: bytesOf(row), size: row.size, content_type, filename, etag: `"${sha256}"` };
  }
  if (thumbnail_size === null) throw problem("not_found");
  const filename = downloadName(row.name, "image/webp");
  return { place: thumbnailOf(row), size: thumbnail_size, content_type: "image/webp", filename, etag: `"${sha256}-t"` };
}

/** A file's content. @throws not_found, illegal_transition, range_not_satisfiable */
export async function readContent(
  space: Space,
  owners: FileOwners,
  id: string,
  variant: Variant,
  ask: FileAsk,
): Promise<FileReply> {
  const { place, ...known } = downloadOf(await readable(space, owners, id), variant);
  const ref = { makerspace_id: space.id, ...place };
  return replyWithFile(ask, { ...known, read: (range) => getFile(ref, range) });
}

/** A link that opens a file for a while, for whoever has it: pages cannot send a token with a picture. @throws not_found, illegal_transition */
export async function makeLink(
  space: Space,
  owners: FileOwners,
  id: string,
  variant: Variant,
): Promise<z.output<typeof FileLink>> {
  const { place, filename } = downloadOf(await readable(space, owners, id), variant);
  const ref = { makerspace_id: space.id, ...place };
  const { url, expires_at } = await linkFile(ref, { filename, now: space.now, expires_at: space.now + LINK_FOR });
  return { url, expires_at: toIso(expires_at) };
}
