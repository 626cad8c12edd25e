/** Tablets: paired by a one-time code, known by a token whose hash lies in the floor object, so that they work with D1 down. */

import { env } from "cloudflare:workers";
import type { z } from "@hono/zod-openapi";
import { and, desc, eq, gt, inArray, lt, sql } from "drizzle-orm";
import type { TabletVerifier } from "../../../platform/access/authorise.ts";
import { commit, write } from "../../../platform/db/commit.ts";
import { directory } from "../../../platform/db/driver.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { directoryShardOf } from "../../../platform/db/shards.ts";
import { SpaceStore } from "../../../platform/db/store.ts";
import { pairingCodes } from "../../../platform/db/tables.ts";
import { newCode, newId, newSecret, normaliseCode, sha256 } from "../../../platform/ids.ts";
import { attemptsOf, objectOf } from "../../../platform/objects.ts";
import { problem } from "../../../platform/problem.ts";
import type { Visitor } from "../../../platform/route.ts";
import type { Space } from "../../../platform/space.ts";
import { MINUTE, toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { FloorPort } from "../port.ts";
import { equipment, tablets } from "../tables.ts";
import { closeSockets, floor } from "../watch/service.ts";
import type { PairedTablet, PairingTablet, Tablet, TabletInput } from "./contract.ts";

type Row = typeof tablets.$inferSelect;

const PAIRING_LIVES = 10 * MINUTE;
/** Wrong codes per address: enough for clumsy fingers, far too few to guess one of 30^8. */
const PAIR_ATTEMPTS = 20;
const PAIR_WINDOW = 10 * MINUTE;

const view = (row: Row): z.output<typeof Tablet> => ({
  id: row.id,
  makerspace_id: row.makerspace_id,
  label: row.label,
  equipment_ids: row.equipment_ids as string[],
  status: row.status,
  pairing_expires_at: toIso(row.pairing_expires_at),
  paired_at: toIsoOrNull(row.paired_at),
  revoked_at: toIsoOrNull(row.revoked_at),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

/** Announces a tablet and makes its pairing code. @throws unknown_reference */
export async function createTablet(
  space: Space,
  input: z.output<typeof TabletInput>,
): Promise<z.output<typeof PairingTablet>> {
  const known = await space.db
    .select({ id: equipment.id, name: equipment.name })
    .from(equipment)
    .where(space.store.in(equipment, inArray(equipment.id, input.equipment_ids), sql`${equipment.retired_at} IS NULL`));
  if (known.length < input.equipment_ids.length) {
    throw problem("unknown_reference", {
      errors: [{ pointer: "/equipment_ids", code: "unknown", detail: "names a machine that is not here" }],
    });
  }
  const expires_at = space.now + PAIRING_LIVES;
  const row: Row = space.store.row({
    id: newId(),
    label: input.label ?? known[0]?.name ?? "Tablet",
    equipment_ids: input.equipment_ids,
    status: "pairing" as const,
    pairing_expires_at: expires_at,
    paired_at: null,
    revoked_at: null,
    created_by: space.actor.id,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  await space.commit(
    { action: "tablet.created", subject: { type: "tablet", id: row.id, version: 1 }, after: view(row) },
    write(space.db.insert(tablets).values(row)),
  );
  const pairing_code = newCode();
  const digest = await sha256(normaliseCode(pairing_code));
  await directory().insert(pairingCodes).values({ digest, makerspace_id: space.id, tablet_id: row.id, expires_at });
  return { ...view(row), pairing_code };
}

/**
 * Trades a pairing code for the device's token.
 * @throws code_used for a wrong, used or expired code; rate_limited after twenty tries in ten minutes.
 */
export async function pairTablet(visitor: Visitor, code: string): Promise<z.output<typeof PairedTablet>> {
  const { now, request_id } = visitor;
  const attempts = attemptsOf(env.ATTEMPTS, `pair:${visitor.ip}`);
  const { allowed, retry_after } = await attempts.take(PAIR_ATTEMPTS, PAIR_WINDOW);
  if (!allowed) throw problem("rate_limited", { retry_after });
  const digest = await sha256(normaliseCode(code));
  // Taking the row is using the code: of two tablets with one code, one wins.
  const [used] = await directory()
    .delete(pairingCodes)
    .where(and(eq(pairingCodes.digest, digest), gt(pairingCodes.expires_at, now)))
    .returning();
  const shard = used ? await directoryShardOf(used.makerspace_id) : null;
  if (!used || shard === null) throw problem("code_used");
  const store = new SpaceStore(used.makerspace_id, shard);
  const mine = store.in(tablets, eq(tablets.id, used.tablet_id), eq(tablets.status, "pairing"));
  const [row] = await store.db.select().from(tablets).where(mine);
  if (!row) throw problem("code_used");
  const secret = newSecret();
  const token = `mct_${row.makerspace_id}.${row.id}.${secret}`;
  const after: Row = { ...row, status: "paired", paired_at: now, updated_at: now, version: row.version + 1 };
  const { status, paired_at, updated_at, version } = after;
  await commit(
    { store, actor: { kind: "tablet", id: row.id }, request_id, now, idempotency: null, newId },
    {
      action: "tablet.paired",
      subject: { type: "tablet", id: row.id, version },
      before: view(row),
      after: view(after),
    },
    [
      write(store.db.update(tablets).set({ status, paired_at, updated_at, version }).where(mine), {
        expect: "code_used",
      }),
    ],
  );
  const credential = {
    tablet_id: row.id,
    token_digest: await sha256(token),
    equipment_ids: row.equipment_ids as string[],
    label: row.label,
  };
  await floorOf(row.makerspace_id).putTablet(credential);
  return { token, tablet: view(after) };
}

const floorOf = (makerspace_id: string): FloorPort => objectOf(env.FLOOR, makerspace_id, "floor");

const TOKEN = /^mct_([0-9a-f-]{36})\.([0-9a-f-]{36})\.[\w-]{43}$/;

/** How the platform finds the tablet behind a token, without D1. */
export const verifyTablet: TabletVerifier = async (token) => {
  const [, makerspace_id, tablet_id] = TOKEN.exec(token) ?? [];
  if (makerspace_id === undefined || tablet_id === undefined) return null;
  const found = await floorOf(makerspace_id).tablet(tablet_id, await sha256(token));
  return found && { kind: "tablet", tablet_id, makerspace_id, equipment_ids: found.equipment_ids };
};

/** Tablets, newest first. */
export async function listTablets(
  space: Space,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<z.output<typeof Tablet>>> {
  const after = readCursor(query.cursor, "tablets");
  const rows = await space.db
    .select()
    .from(tablets)
    // Ids sort by time of birth.
    .where(space.store.in(tablets, after ? lt(tablets.id, after.id) : undefined))
    .orderBy(desc(tablets.id))
    .limit(query.limit + 1);
  return toPage(rows, query.limit, "tablets", (row) => ({ value: row.id, id: row.id }), view);
}

/** One tablet. @throws not_found */
export async function readTablet(space: Space, id: string): Promise<z.output<typeof Tablet>> {
  const [row] = await space.db
    .select()
    .from(tablets)
    .where(space.store.in(tablets, eq(tablets.id, id)));
  if (!row) throw problem("not_found");
  return view(row);
}

/** Revokes a tablet: its token is refused and its sockets close at once. Repeating it changes nothing. @throws not_found */
export async function revokeTablet(space: Space, id: string): Promise<void> {
  const before = await readTablet(space, id);
  // The floor first: if the row cannot be written, the tablet is out all the same and the call can be repeated.
  await floor(space).revokeTablet(id);
  await closeSockets(space, { kind: "tablet", id }, "revoked");
  if (before.status === "revoked") return;
  const version = before.version + 1;
  await directory().delete(pairingCodes).where(eq(pairingCodes.tablet_id, id));
  await space.commit(
    { action: "tablet.revoked", subject: { type: "tablet", id, version }, before },
    write(
      space.db
        .update(tablets)
        .set({ status: "revoked", revoked_at: space.now, updated_at: space.now, version })
        .where(space.store.in(tablets, eq(tablets.id, id))),
    ),
  );
}
