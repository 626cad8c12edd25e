/** Files whose time has come: those that belong to nothing are swept, those that wait in quarantine are looked through again. */

import { and, eq, sql } from "drizzle-orm";
import type { SettingsSource } from "../../platform/access/membership.ts";
import type { Database } from "../../platform/db/driver.ts";
import type { SpaceStore } from "../../platform/db/store.ts";
import { looseFiles } from "../../platform/db/tables.ts";
import { describeError, log } from "../../platform/log.ts";
import { type Round, rounds } from "../../platform/ops/rounds.ts";
import { loadSystemSpace } from "../../platform/system-space.ts";
import { HOUR, MINUTE } from "../../platform/time.ts";
import type { FilePorts } from "./port.ts";
import { settleFile } from "./settle.ts";
import { files } from "./tables.ts";
import { type FileRow, objectsOf } from "./view.ts";

const PER_ROUND = 50;

/** One is looked through per message: it may be a large one, and somebody slow may look. */
const SETTLED_PER_ROUND = 1;

/** While one message looks at a file no other does. */
const LOOKED_AT_FOR = 15 * MINUTE;

const waiting = (db: Database, now: number, limit: number) =>
  db.all<{ makerspace_id: string }>(sql`
    SELECT DISTINCT makerspace_id FROM files INDEXED BY files_due
    WHERE due_at IS NOT NULL AND due_at <= ${now} LIMIT ${limit}`);

/** Rows go with their names put among the files that nothing refers to, for the next tidying: one batch. */
function sweep(store: SpaceStore, rows: readonly FileRow[], now: number) {
  if (rows.length === 0) return [];
  const still = sql`(id, version) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(
    rows.map(({ id, version }) => [id, version]),
  )}))`;
  const names = rows.flatMap((row) => objectsOf(row).map((file) => ({ ...file, row: row.id, version: row.version })));
  // Only of rows that are as they were read: what was attached meanwhile stays.
  const noted = store.db
    .insert(looseFiles)
    .select(sql`
      SELECT ${store.makerspace_id}, name.value ->> 'kind', name.value ->> 'id', ${now - 2 * HOUR}, 1
      FROM json_each(${JSON.stringify(names)}) name
      WHERE EXISTS (SELECT 1 FROM files WHERE makerspace_id = ${store.makerspace_id} AND id = name.value ->> 'row'
                    AND version = name.value ->> 'version')`)
    .onConflictDoUpdate({
      target: [looseFiles.makerspace_id, looseFiles.kind, looseFiles.id],
      set: { noted_at: now - 2 * HOUR, doomed: true },
    });
  return [noted, store.db.delete(files).where(store.in(files, still))];
}

/** A file that waited is claimed, and looked through. */
async function settle(round: Round, ports: FilePorts, settings: SettingsSource, row: FileRow): Promise<void> {
  const { store, request_id, now } = round;
  const { content_type, sha256 } = row;
  if (content_type === null || sha256 === null) return;
  const due_at = now + LOOKED_AT_FOR;
  const version = row.version + 1;
  const { meta } = await store.db
    .update(files)
    .set({ due_at, version })
    .where(store.in(files, and(eq(files.id, row.id), eq(files.version, row.version))));
  const space = await loadSystemSpace(store, settings, { actor_id: "files", request_id, now });
  if (meta.changes === 0 || !space) return;
  try {
    await settleFile(space, ports, { ...row, due_at, version, content_type, sha256 });
  } catch (error) {
    log.warn("file_unsettled", { makerspace_id: store.makerspace_id, file_id: row.id, error: describeError(error) });
  }
}

const dueIn = (store: SpaceStore, now: number, statuses: readonly FileRow["status"][], limit: number) =>
  store.db
    .select()
    .from(files)
    .where(
      store.in(
        files,
        sql`${files.id} IN (
          SELECT id FROM files INDEXED BY files_due_here
          WHERE makerspace_id = ${store.makerspace_id} AND due_at IS NOT NULL AND due_at <= ${now}
            AND status IN (SELECT value FROM json_each(${JSON.stringify(statuses)})) LIMIT ${limit})`,
      ),
    );

/** Each minute: what is due. */
export const fileRounds = (ports: FilePorts, settings: SettingsSource) =>
  rounds({
    name: "files",
    schedule: "minute",
    type: "files.due",
    waiting,
    async work(round) {
      const { store, now } = round;
      const over = await dueIn(store, now, ["pending", "receiving", "ready", "rejected", "lost"], PER_ROUND);
      const held = await dueIn(store, now, ["quarantined"], SETTLED_PER_ROUND + 1);
      for (const row of held.slice(0, SETTLED_PER_ROUND)) await settle(round, ports, settings, row);
      return { writes: sweep(store, over, now), more: over.length === PER_ROUND || held.length > SETTLED_PER_ROUND };
    },
  });
