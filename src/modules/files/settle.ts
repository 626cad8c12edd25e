/** From quarantine to a file that can be used, or to a reason why not. */

import { and, eq, sql } from "drizzle-orm";
import { type Write, write } from "../../platform/db/commit.ts";
import { isImage } from "../../platform/file-types.ts";
import { type FileRef, getFile, putFile } from "../../platform/files.ts";
import { describeError, log } from "../../platform/log.ts";
import { claimLoose, dropLoose, letGo, noteLoose } from "../../platform/loose-files.ts";
import { Problem } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";
import { SECOND } from "../../platform/time.ts";
import { hex, type Received } from "../../platform/uploads.ts";
import { within } from "../../platform/within.ts";
import { CHECKED_WITHIN, type Rejection, retryAfter, UNATTACHED_FOR } from "./model.ts";
import { fits } from "./open.ts";
import type { FilePorts } from "./port.ts";
import { files } from "./tables.ts";
import { bytesOf, type FileRow, quarantineOf, thumbnailOf } from "./view.ts";

/** How long somebody who looks through files may take over one. */
const SCAN_WITHIN = 20 * SECOND;

/** A row whose content lies in quarantine. */
export type Quarantined = FileRow & Pick<Received, "content_type"> & { sha256: string };

/** Writes a row's next state, if it is as it was read. */
function stepTo(space: Space, row: FileRow, change: Partial<FileRow>, condition = sql`1`): Write {
  const set = { ...change, updated_at: space.now, version: row.version + 1 };
  return write(
    space.db
      .update(files)
      .set(set)
      .where(space.store.in(files, and(eq(files.id, row.id), eq(files.version, row.version)), condition)),
    { expect: "conflict" },
  );
}

const commitStep = async (
  space: Space,
  row: FileRow,
  change: Partial<FileRow>,
  more: readonly Write[],
  condition = sql`1`,
): Promise<FileRow> => {
  const after = { ...row, ...change, updated_at: space.now, version: row.version + 1 };
  const { status, purpose, reason, content_type, size } = after;
  await space.commit(
    {
      action: `file.${status}`,
      subject: { type: "file", id: row.id, version: after.version },
      before: { status: row.status },
      after: { status, purpose, content_type, size, ...(reason && { reason }) },
    },
    stepTo(space, row, change, condition),
    ...more,
  );
  return after;
};

/** Says why a file is not taken; nothing of it stays. */
export async function rejectFile(space: Space, row: FileRow, reason: Rejection): Promise<FileRow> {
  const change = { status: "rejected" as const, reason, counted: 0, sha256: null, due_at: space.now + UNATTACHED_FOR };
  const after = await commitStep(space, row, change, [letGo(space.store, quarantineOf(row), space.now)]);
  await dropLoose(space.store, [quarantineOf(row), bytesOf(row), thumbnailOf(row)]);
  return after;
}

/** Somebody could not say: the file waits in quarantine, and is tried again. */
async function postpone(space: Space, row: Quarantined): Promise<FileRow> {
  if (row.created_at + CHECKED_WITHIN <= space.now) return rejectFile(space, row, "unchecked");
  const change = {
    status: "quarantined" as const,
    content_type: row.content_type,
    sha256: row.sha256,
    tries: row.tries + 1,
    due_at: space.now + retryAfter(row.tries),
  };
  // From now on the row refers to what lies in quarantine.
  const isNew = row.status !== "quarantined";
  return commitStep(space, row, change, isNew ? [claimLoose(space.store, quarantineOf(row))] : []);
}

/** What the store keeps of a file that is taken. */
type Kept = Pick<FileRow, "size" | "sha256" | "width" | "height" | "thumbnail_size">;

const inSpace = (space: Space, file: { kind: string; id: string }): FileRef => ({ makerspace_id: space.id, ...file });

async function openQuarantine(space: Space, row: FileRow) {
  const object = await getFile(inSpace(space, quarantineOf(row)));
  if (!object) throw new Error("what lay in quarantine is gone");
  return object;
}

/** Puts what is kept where it is read. Null for what is no picture. */
async function promote(space: Space, { picture }: FilePorts, row: Quarantined): Promise<Kept | null> {
  const { content_type } = row;
  if (!isImage(content_type)) {
    const { body, size } = await openQuarantine(space, row);
    await putFile(inSpace(space, bytesOf(row)), { stream: body, size }, { content_type });
    return { size, sha256: row.sha256, width: null, height: null, thumbnail_size: null };
  }
  const made = await picture(async () => (await openQuarantine(space, row)).body, content_type);
  if (!made) return null;
  const { bytes, thumbnail, width, height } = made;
  await putFile(inSpace(space, bytesOf(row)), bytes, { content_type });
  await putFile(inSpace(space, thumbnailOf(row)), thumbnail, { content_type: "image/webp" });
  const sha256 = hex(await crypto.subtle.digest("SHA-256", bytes));
  return { size: bytes.byteLength, sha256, width, height, thumbnail_size: thumbnail.byteLength };
}

/** True for a file in which somebody found something. Nobody looks where nobody is there to. */
async function isInfected(space: Space, { scan }: FilePorts, row: Quarantined): Promise<boolean> {
  if (!scan) return false;
  const { body, size } = await openQuarantine(space, row);
  let isClean: boolean | null = null;
  await within(
    SCAN_WITHIN,
    scan({ stream: body, size }).then(({ clean }) => {
      isClean = clean;
    }),
  );
  if (isClean === null) throw new Error("nobody could say in time whether it is clean");
  return !isClean;
}

/** The row and its files, in one batch: room for what grew while it was made anew included. */
async function finish(space: Space, row: Quarantined, kept: Kept): Promise<FileRow> {
  const counted = kept.size + (kept.thumbnail_size ?? 0);
  const change = {
    ...kept,
    counted,
    content_type: row.content_type,
    status: "ready" as const,
    due_at: space.now + UNATTACHED_FOR,
  };
  const claims = [bytesOf(row), ...(kept.thumbnail_size === null ? [] : [thumbnailOf(row)])].map((file) =>
    claimLoose(space.store, file),
  );
  const writes = [...claims, letGo(space.store, quarantineOf(row), space.now)];
  const grown = counted - row.counted;
  const room = grown > 0 && row.uploader_id !== null ? fits(space, row.uploader_id, grown) : sql`1`;
  const after = await commitStep(space, row, change, writes, room);
  await dropLoose(space.store, [quarantineOf(row)]);
  return after;
}

/**
 * Looks a file through that lies in quarantine, makes pictures anew, and moves it to where it is read; or says why not, or that it waits.
 * @throws conflict when the row changed meanwhile
 */
export async function settleFile(space: Space, ports: FilePorts, row: Quarantined): Promise<FileRow> {
  let kept: Kept | null;
  try {
    if (await isInfected(space, ports, row)) return await rejectFile(space, row, "infected");
    for (const file of [bytesOf(row), thumbnailOf(row)]) await noteLoose(space.store, file, space.now);
    kept = await promote(space, ports, row);
  } catch (error) {
    if (error instanceof Problem) throw error;
    log.warn("file_unsettled", { makerspace_id: space.id, file_id: row.id, error: describeError(error) });
    return postpone(space, row);
  }
  if (!kept) return rejectFile(space, row, "image_unreadable");
  try {
    return await finish(space, row, kept);
  } catch (error) {
    const grown = kept.size + (kept.thumbnail_size ?? 0) > row.counted;
    if (!(error instanceof Problem && error.code === "conflict" && grown)) throw error;
    // Either there is no room for what it has become, or the row has changed: that shows now.
    return rejectFile(space, row, "quota_exceeded");
  }
}
