/** Files and what they belong to: what other modules write into their own batches. */

import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import { type Write, write } from "../../platform/db/commit.ts";
import { leads } from "../../platform/db/fan-out.ts";
import type { SpaceStore } from "../../platform/db/store.ts";
import { dropLoose, letGo } from "../../platform/loose-files.ts";
import { problem } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";
import type { Purpose } from "./model.ts";
import { files } from "./tables.ts";
import { bytesOf, type FileRow, thumbnailOf } from "./view.ts";

/** A thing that has files. */
export interface FileHolder {
  purpose: Purpose;
  owner_id: string;
}

const heldBy = ({ purpose, owner_id }: FileHolder) =>
  and(leads(files.owner_id, owner_id), leads(files.purpose, purpose));

/**
 * Part of the batch in which a thing gets files: each one of the caller's own, ready, made for this, and nothing else's. Of two things that
 * want one file, one gets it.
 * @param most how many it may have altogether: file_unusable, too_many_files
 */
export function attachWrites(space: Space, holder: FileHolder, file_ids: readonly string[], most: number): Write[] {
  const { purpose, owner_id } = holder;
  const takes = [...new Set(file_ids)].map((id) =>
    write(
      space.db
        .update(files)
        .set({ owner_id, due_at: null, updated_at: space.now, version: sql`version + 1` })
        .where(
          space.store.in(
            files,
            eq(files.id, id),
            eq(files.uploader_id, space.actor.id),
            eq(files.purpose, purpose),
            eq(files.status, "ready"),
            isNull(files.owner_id),
          ),
        ),
      { expect: "file_unusable" },
    ),
  );
  if (takes.length === 0) return [];
  const counted = space.db.run(sql`
    SELECT json_extract('{}', iif((SELECT count(*) FROM files WHERE makerspace_id = ${space.id} AND purpose = ${purpose}
      AND owner_id = ${owner_id}) <= ${most}, '$', 'expect:too_many_files'))`);
  return [...takes, write(counted)];
}

/** Files of things of one purpose, the oldest first. */
export const filesOf = (
  store: SpaceStore,
  purpose: Purpose,
  owner_ids: readonly string[],
  limit: number,
): Promise<FileRow[]> =>
  store.db
    .select()
    .from(files)
    .where(store.in(files, leads(files.purpose, purpose), inArray(files.owner_id, [...owner_ids])))
    .orderBy(asc(files.id))
    .limit(limit);

/** Ids of the files of things of one purpose, by the thing. */
export async function fileIdsOf(
  store: SpaceStore,
  purpose: Purpose,
  owner_ids: readonly string[],
  most: number,
): Promise<(owner_id: string) => string[]> {
  const rows = owner_ids.length === 0 ? [] : await filesOf(store, purpose, owner_ids, owner_ids.length * most);
  return (owner_id) => rows.filter((row) => row.owner_id === owner_id).map(({ id }) => id);
}

/** One file of a thing. @throws not_found */
export async function fileOf(space: Space, holder: FileHolder, id: string): Promise<FileRow> {
  const [row] = await space.db
    .select()
    .from(files)
    .where(space.store.in(files, eq(files.id, id), heldBy(holder)));
  if (!row) throw problem("not_found");
  return row;
}

const objects = (row: FileRow) => [bytesOf(row), ...(row.thumbnail_size === null ? [] : [thumbnailOf(row)])];

/** Part of the batch after which there is no such file. @throws conflict when it changed meanwhile */
export const removeWrites = (space: Space, row: FileRow): Write[] => [
  write(
    space.db.delete(files).where(space.store.in(files, and(eq(files.id, row.id), eq(files.version, row.version)))),
    { expect: "conflict" },
  ),
  ...objects(row).map((file) => letGo(space.store, file, space.now)),
];

/** Deletes what the store had of rows that are gone. What fails here is done by the clockwork. */
export const dropFiles = (space: Space, rows: readonly FileRow[]): Promise<void> =>
  dropLoose(space.store, rows.flatMap(objects));

/** Deletes a file of one's own that belongs to nothing. @throws not_found, file_in_use, conflict */
export async function deleteOwnFile(space: Space, row: FileRow): Promise<void> {
  if (row.owner_id !== null) throw problem("file_in_use");
  const { id, purpose, status } = row;
  await space.commit(
    { action: "file.deleted", subject: { type: "file", id, version: row.version + 1 }, before: { purpose, status } },
    ...removeWrites(space, row),
  );
  await dropFiles(space, [row]);
}
