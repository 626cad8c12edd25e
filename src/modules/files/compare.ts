/** The night's comparison of rows and objects, both ways: an object without a row goes, a row without its object says so. */

import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import type { SpaceStore } from "../../platform/db/store.ts";
import { looseFiles } from "../../platform/db/tables.ts";
import type { EventEnvelope } from "../../platform/events.ts";
import { deleteFile, filesAfter, type ListedFile } from "../../platform/files.ts";
import { newId } from "../../platform/ids.ts";
import { log } from "../../platform/log.ts";
import { type Round, rounds } from "../../platform/ops/rounds.ts";
import { toOutbox } from "../../platform/queue.ts";
import { DAY } from "../../platform/time.ts";
import { fileSweeps, files } from "./tables.ts";
import { bytesOf, type FileRow, objectsOf } from "./view.ts";

const ROWS = 400;

/** Younger ones may be on their way to their row. */
const ORPHAN_AFTER = DAY;

const kinds = ["file", "quarantine"] as const;
type Kind = (typeof kinds)[number];

/** A stretch of both, from one id to another; "" is before the first, null behind the last. */
interface Stretch {
  rows: FileRow[];
  objects: ListedFile[];
  ends_at: string | null;
}

/** The id of the row that an object's name begins with. */
const rowId = (object_id: string): string => object_id.slice(0, 36);

/** Rows first: a row is ready only once its object is there, so what is missing in the later listing is missing. */
async function nextStretch({ store }: Round, kind: Kind, after: string): Promise<Stretch> {
  const rows = await store.db
    .select()
    .from(files)
    .where(store.in(files, gt(files.id, after)))
    .orderBy(asc(files.id))
    .limit(ROWS);
  // Behind every object of that row, and before the next row.
  const listed = await filesAfter(store.makerspace_id, kind, after === "" ? "" : `${after}~`);
  const lastRow = rows.length === ROWS ? (rows.at(-1)?.id ?? null) : null;
  // The objects of the last row that is listed may go on behind the listing: it is for the next stretch.
  const last = rowId(listed.files.at(-1)?.id ?? "");
  const lastListed = listed.more
    ? (listed.files.map(({ id }) => rowId(id)).findLast((id) => id !== last) ?? last)
    : null;
  const ends = [lastRow, lastListed].filter((end) => end !== null).sort();
  const ends_at = ends[0] ?? null;
  const isInside = (id: string): boolean => ends_at === null || id <= ends_at;
  return {
    rows: rows.filter(({ id }) => isInside(id)),
    objects: listed.files.filter(({ id }) => isInside(rowId(id))),
    ends_at,
  };
}

/** Objects that no row knows, of which nobody says either that they are on their way. */
async function orphansAmong({ store, now }: Round, kind: Kind, { rows, objects }: Stretch): Promise<string[]> {
  const known = new Set(rows.flatMap((row) => objectsOf(row).map(({ id }) => id)));
  const unknown = objects.filter(({ id, stored_at }) => !known.has(id) && stored_at < now - ORPHAN_AFTER);
  if (unknown.length === 0) return [];
  const ids = unknown.map(({ id }) => id);
  const noted = await store.db
    .select({ id: looseFiles.id })
    .from(looseFiles)
    .where(
      store.in(
        looseFiles,
        eq(looseFiles.kind, kind),
        inArray(looseFiles.id, sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`),
      ),
    );
  const loose = new Set(noted.map(({ id }) => id));
  return ids.filter((id) => !loose.has(id));
}

/** Rows that are ready, and whose object is not there. */
const lostAmong = ({ rows, objects }: Stretch): FileRow[] => {
  const there = new Set(objects.map(({ id }) => id));
  return rows.filter((row) => row.status === "ready" && !there.has(bytesOf(row).id));
};

/** Where the comparison goes on: in which kind, after which row. */
async function placeOf(store: SpaceStore): Promise<{ kind: Kind; after: string }> {
  const [row] = await store.db.select().from(fileSweeps).where(store.in(fileSweeps));
  return row ? { kind: row.kind, after: row.place } : { kind: "file", after: "" };
}

const lostEvent = (round: Round, lost: number): EventEnvelope => ({
  id: newId(),
  type: "files.lost",
  v: 1,
  makerspace_id: round.store.makerspace_id,
  subject: { type: "makerspace", id: round.store.makerspace_id, version: 1 },
  actor_id: "files",
  request_id: round.request_id,
  occurred_at: round.now,
  data: { files: lost },
});

/** Keeps where the next message goes on; null when all has been compared. */
function placeWrite({ store, now }: Round, kind: Kind, ends_at: string | null) {
  const next = ends_at === null ? kinds[kinds.indexOf(kind) + 1] : kind;
  const row = { kind: next ?? "file", place: ends_at ?? "", updated_at: now };
  const write = store.db
    .insert(fileSweeps)
    .values(store.row(row))
    .onConflictDoUpdate({ target: fileSweeps.makerspace_id, set: row });
  return { write, more: next !== undefined };
}

/** Each night: rows and objects of every makerspace are compared, a stretch per message. */
export const fileComparison = rounds({
  name: "file_comparison",
  schedule: "night",
  type: "files.compare_due",
  waiting: "everywhere",
  async work(round) {
    const { store, now } = round;
    const { makerspace_id } = store;
    const { kind, after } = await placeOf(store);
    const stretch = await nextStretch(round, kind, after);
    const orphans = await orphansAmong(round, kind, stretch);
    for (const id of orphans) await deleteFile({ makerspace_id, kind, id });
    if (orphans.length > 0) log.warn("orphaned_files_deleted", { makerspace_id, files: orphans.length });
    const lost = kind === "file" ? lostAmong(stretch) : [];
    const events = lost.length > 0 ? [lostEvent(round, lost.length)] : [];
    const marks = lost.map(({ id, version }) =>
      store.db
        .update(files)
        .set({ status: "lost", updated_at: now, version: version + 1 })
        .where(store.in(files, and(eq(files.id, id), eq(files.version, version)))),
    );
    const { write, more } = placeWrite(round, kind, stretch.ends_at);
    return { writes: [...marks, ...toOutbox(store, events, now), write], events, more };
  },
});
