/** Which database a makerspace lives in. It never changes silently, so an isolate may remember it. */

import { eq } from "drizzle-orm";
import { directory } from "./driver.ts";
import { makerspaces } from "./tables.ts";

const known = new Map<string, string>();
const MAX_KNOWN = 10_000;

/** Remembers a shard that was just read or written. */
export function rememberShard(makerspace_id: string, shard: string): void {
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(makerspace_id, shard);
}

/** The shard of a makerspace, or null when there is no such makerspace. */
export async function directoryShardOf(makerspace_id: string): Promise<string | null> {
  const remembered = known.get(makerspace_id);
  if (remembered !== undefined) return remembered;
  const [row] = await directory()
    .select({ shard: makerspaces.shard })
    .from(makerspaces)
    .where(eq(makerspaces.id, makerspace_id));
  if (row) rememberShard(makerspace_id, row.shard);
  return row?.shard ?? null;
}
