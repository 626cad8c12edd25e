/** What this module's tables hold of people. */

import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import { deleteFile } from "../../platform/files.ts";
import { type PersonalTable, type PersonalWork, personal } from "../../platform/personal-data.ts";
import { type Purpose, purposes } from "./model.ts";
import type { FileOwners } from "./port.ts";
import { files, fileUsage } from "./tables.ts";
import { bytesOf, type FileRow, objectsOf } from "./view.ts";

export const filePersonalData: readonly PersonalTable[] = [
  personal(files, {
    about: "Files that you uploaded. Those that are ready lie beside this one.",
    whose: { uploader_id: "actor" },
    bare: ["owner_id"],
    exported: [
      "id",
      "purpose",
      "name",
      "status",
      "reason",
      "content_type",
      "size",
      "sha256",
      "owner_id",
      "attempt",
      "created_at",
      "updated_at",
    ],
    file: ({ id, attempt, status }) =>
      status === "ready" ? bytesOf({ id: String(id), attempt: Number(attempt) }) : null,
    // What is about them is deleted before, with its bytes; what is left belongs to a machine, and nobody's name stands with it.
    erasure: { how: "empty", set: { uploader_id: null, name: "file" } },
  }),
  personal(fileUsage, {
    about: "How much room your files take.",
    whose: { uploader_id: "actor" },
    exported: ["bytes"],
    erasure: { how: "delete" },
  }),
];

const PART = 50;

/** Deletes the files of somebody who is erased, rows and bytes: but for those that belong to a thing which stays. */
export const deleteFilesOf = (owners: FileOwners): PersonalWork => ({
  name: "uploads",
  async run(store, { member_ids, user_ids }, place) {
    const kept: Purpose[] = purposes.filter((purpose) => owners[purpose].of_the_erased === "keep");
    const goes = sql`(${files.owner_id} IS NULL OR ${files.purpose} NOT IN (SELECT value FROM json_each(${JSON.stringify(kept)})))`;
    const ids = JSON.stringify([...member_ids, ...user_ids]);
    const rows: FileRow[] = await store.db
      .select()
      .from(files)
      .where(
        store.in(
          files,
          and(inArray(files.uploader_id, sql`(SELECT value FROM json_each(${ids}))`), gt(files.id, place)),
          goes,
        ),
      )
      .orderBy(asc(files.id))
      .limit(PART);
    for (const row of rows) {
      for (const object of objectsOf(row)) await deleteFile({ makerspace_id: store.makerspace_id, ...object });
      await store.db.delete(files).where(store.in(files, eq(files.id, row.id)));
    }
    const last = rows.at(-1);
    return last && rows.length === PART ? last.id : null;
  },
});
