/** Files of a member who becomes one with another. */

import { eq } from "drizzle-orm";
import { write } from "../../platform/db/commit.ts";
import type { SpaceStore } from "../../platform/db/store.ts";
import { files } from "./tables.ts";

/** They are the other one's from then on, and take their room. */
export const moveFiles = {
  // Neither table names a member: an uploader may be a program as well.
  tables: {},
  writes: (store: SpaceStore, { from, into }: { from: string; into: string }) => [
    write(
      store.db
        .update(files)
        .set({ uploader_id: into })
        .where(store.in(files, eq(files.uploader_id, from))),
    ),
  ],
};
