/** The files of somebody who is erased. Their rows go with all the others. */

import { inArray } from "drizzle-orm";
import { deleteFile } from "../../../platform/files.ts";
import type { PersonalWork } from "../../../platform/personal-data.ts";
import { fileOf } from "./reads.ts";
import { memberDocuments } from "./tables.ts";

export const deleteDocumentFiles: PersonalWork = {
  name: "documents",
  async run(store, { member_ids }) {
    const rows = await store.db
      .select({ id: memberDocuments.id })
      .from(memberDocuments)
      .where(store.in(memberDocuments, inArray(memberDocuments.member_id, [...member_ids])));
    for (const row of rows) await deleteFile({ makerspace_id: store.makerspace_id, ...fileOf(row) });
    return null;
  },
};
