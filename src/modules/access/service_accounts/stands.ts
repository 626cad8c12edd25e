/** Service accounts as other modules ask for them. */

import { type SQL, sql } from "drizzle-orm";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { serviceAccounts } from "../tables.ts";

/** True of a service account of this makerspace that is not disabled: for the condition of a write. */
export const accountStands = (store: SpaceStore, id: string): SQL => sql`EXISTS (
  SELECT 1 FROM ${serviceAccounts} WHERE ${serviceAccounts.makerspace_id} = ${store.makerspace_id}
    AND ${serviceAccounts.id} = ${id} AND ${serviceAccounts.disabled_at} IS NULL)`;
