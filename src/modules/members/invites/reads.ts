/** Invites by their tokens. */

import { and, eq, gt, or } from "drizzle-orm";
import { directory } from "../../../platform/db/driver.ts";
import { directoryShardOf } from "../../../platform/db/shards.ts";
import { SpaceStore } from "../../../platform/db/store.ts";
import { inviteTokens } from "../../../platform/db/tables.ts";
import { sha256 } from "../../../platform/ids.ts";
import { invites } from "./tables.ts";
import type { InviteRow } from "./view.ts";

/** An invite whose token works now, and where it is. */
export interface OpenInvite {
  store: SpaceStore;
  row: InviteRow;
  digest: string;
}

/** Notes where a token belongs, before its invite knows it. */
export const rememberToken = (row: InviteRow, digest: string) =>
  directory()
    .insert(inviteTokens)
    .values({ digest, makerspace_id: row.makerspace_id, invite_id: row.id, expires_at: row.expires_at });

/** True of an invite that may still be accepted. */
export const isOpen = (now: number) => and(eq(invites.status, "pending"), gt(invites.expires_at, now));

/** True of the row that a digest opens at a moment: asked again in the statement that uses it up. */
export const opens = (digest: string, now: number) =>
  and(isOpen(now), or(eq(invites.token_digest, digest), eq(invites.reminder_digest, digest)));

/** The invite that a token opens; null for one that is unknown, used, replaced or over. */
export async function findOpen(token: string, now: number): Promise<OpenInvite | null> {
  const digest = await sha256(token);
  const [place] = await directory().select().from(inviteTokens).where(eq(inviteTokens.digest, digest));
  const shard = place ? await directoryShardOf(place.makerspace_id) : null;
  if (!place || shard === null) return null;
  const store = new SpaceStore(place.makerspace_id, shard);
  const [row] = await store.db
    .select()
    .from(invites)
    .where(store.in(invites, eq(invites.id, place.invite_id), opens(digest, now)));
  return row ? { store, row, digest } : null;
}
