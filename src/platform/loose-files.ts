/**
 * Files that nothing refers to. A file is written before the row that refers to it, and deleted after that row: whatever fails in between
 * leaves a file here, by name, and the clockwork takes it away.
 */

import { and, asc, eq, lt } from "drizzle-orm";
import { type Write, write } from "./db/commit.ts";
import { everyShard } from "./db/driver.ts";
import type { SpaceStore } from "./db/store.ts";
import { looseFiles } from "./db/tables.ts";
import { deleteFile, type FileRef } from "./files.ts";
import { describeError, log } from "./log.ts";
import { HOUR } from "./time.ts";

/** Longer than any request lasts. */
const LEFT_BEHIND_AFTER = HOUR;
const PER_RUN = 100;

type Named = Pick<FileRef, "kind" | "id">;

const named = ({ kind, id }: Named) => and(eq(looseFiles.kind, kind), eq(looseFiles.id, id));

/** Notes a file before it is written; once more when it is written again. */
export async function noteLoose(store: SpaceStore, { kind, id }: Named, now: number): Promise<void> {
  await store.db
    .insert(looseFiles)
    .values(store.row({ kind, id, noted_at: now, doomed: false }))
    .onConflictDoUpdate({
      target: [looseFiles.makerspace_id, looseFiles.kind, looseFiles.id],
      set: { noted_at: now },
    });
}

/** Part of the batch that refers to the file from now on; it fails when the file was given up meanwhile. */
export const claimLoose = (store: SpaceStore, file: Named): Write =>
  write(store.db.delete(looseFiles).where(store.in(looseFiles, named(file), eq(looseFiles.doomed, false))), {
    expect: "conflict",
  });

/** Part of the batch after which nothing refers to the file any more. */
export const letGo = (store: SpaceStore, { kind, id }: Named, now: number): Write =>
  write(
    store.db
      .insert(looseFiles)
      .values(store.row({ kind, id, noted_at: now, doomed: true }))
      .onConflictDoNothing(),
  );

/** Deletes files that were let go. What fails here is done by the clockwork. */
export async function dropLoose(store: SpaceStore, files: readonly Named[]): Promise<void> {
  for (const file of files) {
    try {
      await deleteFile({ makerspace_id: store.makerspace_id, ...file });
      await store.db.delete(looseFiles).where(store.in(looseFiles, named(file)));
    } catch (error) {
      log.warn("loose_file_kept", { makerspace_id: store.makerspace_id, error: describeError(error) });
    }
  }
}

/** Deletes what was left behind, the oldest first. Returns how many. */
export async function tidyLooseFiles(now: number): Promise<number> {
  let gone = 0;
  for (const db of everyShard()) {
    const rows = await db
      .select()
      .from(looseFiles)
      .where(lt(looseFiles.noted_at, now - LEFT_BEHIND_AFTER))
      .orderBy(asc(looseFiles.noted_at))
      .limit(PER_RUN);
    for (const { makerspace_id, kind, id } of rows) {
      const one = and(eq(looseFiles.makerspace_id, makerspace_id), named({ kind, id }));
      // Doomed first: whoever has not referred to it by now cannot do so while it is deleted.
      const { meta } = await db.update(looseFiles).set({ doomed: true }).where(one);
      if (meta.changes === 0) continue;
      await deleteFile({ makerspace_id, kind, id });
      await db.delete(looseFiles).where(one);
      gone += 1;
    }
  }
  return gone;
}
