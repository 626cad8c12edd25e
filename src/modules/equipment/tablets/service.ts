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
import { describeError, log } from "../../../platform/log.ts";
import { attemptsOf } from "../../../platform/objects.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { Visitor } from "../../../platform/route.ts";
import type { Space } from "../../../platform/space.ts";
import { MINUTE } from "../../../platform/time.ts";
import { floor, floorOf } from "../objects.ts";
import { equipment, tablets } from "../tables.ts";
import { closeSockets } from "../watch/service.ts";
import type { PairedTablet, PairingTablet, Tablet, TabletInput } from "./contract.ts";
import { type TabletRow, viewTablet } from "./view.ts";

const PAIRING_LIVES = 10 * MINUTE;
/** Wrong codes per address: enough for clumsy fingers, far too few to guess one of 30^8. */
const PAIR_ATTEMPTS = 20;
const PAIR_WINDOW = 10 * MINUTE;

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
  const row: TabletRow = space.store.row({
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
    { action: "tablet.created", subject: { type: "tablet", id: row.id, version: 1 }, after: viewTablet(row) },
    write(space.db.insert(tablets).values(row)),
  );
  const pairing_code = newCode();
  const digest = await sha256(normaliseCode(pairing_code));
  await directory().insert(pairingCodes).values({ digest, makerspace_id: space.id, tablet_id: row.id, expires_at });
  return { ...viewTablet(row), pairing_code };
}

/** Uses up a pairing code: of two devices with one code, one wins. @throws code_used */
async function takeCode(code: string, now: number): Promise<typeof pairingCodes.$inferSelect> {
  const digest = await sha256(normaliseCode(code));
  const [taken] = await directory()
    .delete(pairingCodes)
    .where(and(eq(pairingCodes.digest, digest), gt(pairingCodes.expires_at, now)))
    .returning();
  if (!taken) throw problem("code_used");
  return taken;
}

/**
 * Trades a pairing code for the device's token.
 * @throws code_used for a wrong, used or expired code; rate_limited after twenty tries in ten minutes.
 */
export async function pairTablet(visitor: Visitor, code: string): Promise<z.output<typeof PairedTablet>> {
  const attempts = attemptsOf(env.ATTEMPTS, `pair:${visitor.ip}`);
  const { allowed, retry_after } = await attempts.take(PAIR_ATTEMPTS, PAIR_WINDOW);
  if (!allowed) throw problem("rate_limited", { retry_after });
  const taken = await takeCode(code, visitor.now);
  try {
    return await pairBy(taken, visitor);
  } catch (error) {
    // What failed on the way may be tried again with the same code; a tablet that is not waiting any more may not.
    const isOver = error instanceof Problem && error.code === "code_used";
    if (!isOver) await directory().insert(pairingCodes).values(taken).onConflictDoNothing();
    throw error;
  }
}

/** The credential comes before the row, so that a tablet which is shown as paired has a token that works. */
async function pairBy(
  { makerspace_id, tablet_id }: typeof pairingCodes.$inferSelect,
  { now, request_id }: Visitor,
): Promise<z.output<typeof PairedTablet>> {
  const shard = await directoryShardOf(makerspace_id);
  if (shard === null) throw problem("code_used");
  const store = new SpaceStore(makerspace_id, shard);
  const mine = store.in(tablets, eq(tablets.id, tablet_id), eq(tablets.status, "pairing"));
  const [row] = await store.db.select().from(tablets).where(mine);
  if (!row) throw problem("code_used");
  const token = `mct_${makerspace_id}.${row.id}.${newSecret()}`;
  const { label } = row;
  const equipment_ids = row.equipment_ids as string[];
  await floorOf(makerspace_id).putTablet({ tablet_id, token_digest: await sha256(token), equipment_ids, label });
  const after: TabletRow = { ...row, status: "paired", paired_at: now, updated_at: now, version: row.version + 1 };
  const { status, paired_at, updated_at, version } = after;
  const subject = { type: "tablet", id: row.id, version };
  const change = store.db.update(tablets).set({ status, paired_at, updated_at, version }).where(mine);
  try {
    await commit(
      { store, actor: { kind: "tablet", id: row.id }, request_id, now, idempotency: null, newId },
      { action: "tablet.paired", subject, before: viewTablet(row), after: viewTablet(after) },
      [write(change, { expect: "code_used" })],
    );
  } catch (error) {
    // It was revoked meanwhile: nobody may keep the credential. Any other failure leaves one that nobody knows.
    if (error instanceof Problem && error.code === "code_used") await floorOf(makerspace_id).revokeTablet(tablet_id);
    throw error;
  }
  return { token, tablet: viewTablet(after) };
}

const TOKEN = /^mct_([0-9a-f-]{36})\.([0-9a-f-]{36})\.[\w-]{43}$/;

/** How the platform finds the tablet behind a token, without D1. */
export const verifyTablet: TabletVerifier = async (token) => {
  const [, makerspace_id, tablet_id] = TOKEN.exec(token) ?? [];
  if (makerspace_id === undefined || tablet_id === undefined) return null;
  const digest = await sha256(token);
  const found = await floorOf(makerspace_id)
    .tablet(tablet_id, digest)
    .catch((error: unknown) => {
      log.warn("floor_failed", { makerspace_id, error: describeError(error) });
      throw problem("unavailable", { retry_after: 1 });
    });
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
  return toPage(rows, query.limit, "tablets", (row) => ({ value: row.id, id: row.id }), viewTablet);
}

/** One tablet. @throws not_found */
export async function readTablet(space: Space, id: string): Promise<z.output<typeof Tablet>> {
  const [row] = await space.db
    .select()
    .from(tablets)
    .where(space.store.in(tablets, eq(tablets.id, id)));
  if (!row) throw problem("not_found");
  return viewTablet(row);
}

/**
 * Revokes a tablet: its token is refused, its sockets close and its unused tickets are void at once. Repeating it changes nothing.
 * @throws not_found; unavailable when a machine could not be told: repeat it
 */
export async function revokeTablet(space: Space, id: string): Promise<void> {
  const before = await readTablet(space, id);
  // The floor first: if the row cannot be written, the tablet is out all the same and the call can be repeated.
  await floor(space).revokeTablet(id);
  await closeSockets(space, [{ kind: "tablet", id }], "revoked", before.equipment_ids);
  if (before.status === "revoked") return;
  const version = before.version + 1;
  await directory().delete(pairingCodes).where(eq(pairingCodes.tablet_id, id));
  await space.commit(
    { action: "tablet.revoked", subject: { type: "tablet", id, version }, before },
    write(
      space.db
        .update(tablets)
        .set({ status: "revoked", revoked_at: space.now, updated_at: space.now, version: sql`${tablets.version} + 1` })
        .where(space.store.in(tablets, eq(tablets.id, id))),
    ),
  );
  // Once more: a pairing that was under way in between has put its credential there; from now on none can end well.
  await floor(space).revokeTablet(id);
}
