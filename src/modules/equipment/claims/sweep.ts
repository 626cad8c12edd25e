/**
 * Claims that nobody took back: their request died on the way. Each is held against the machine, which decides nothing for it any more; time
 * alone never releases one.
 */

import { and, asc, eq, lt, min, sql } from "drizzle-orm";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { describeError, log } from "../../../platform/log.ts";
import { rounds } from "../../../platform/ops/rounds.ts";
import { SECOND } from "../../../platform/time.ts";
import { inParallel, machineOf } from "../objects.ts";
import { bookingClaims } from "../tables.ts";

type ClaimRow = typeof bookingClaims.$inferSelect;

/** Facts are good for ten seconds; with this a claim is a minute old, which leaves room for clocks that differ. */
const RESTS_MS = 50 * SECOND;
const CLAIMS_PER_MESSAGE = 240;

/** Each minute: makerspaces with claims that are left. */
export const claimRounds = rounds({
  name: "sweep_claims",
  schedule: "minute",
  type: "claims.sweep_due",
  waiting: (db, now, limit) =>
    db
      .select({ makerspace_id: bookingClaims.makerspace_id, oldest: min(bookingClaims.decide_before).as("oldest") })
      .from(bookingClaims)
      .where(lt(bookingClaims.decide_before, now - RESTS_MS))
      .groupBy(bookingClaims.makerspace_id)
      .orderBy(sql`oldest`)
      .limit(limit),
  async work({ store, looked_at }) {
    await sweepClaims(store, looked_at);
    return {};
  },
});

const isRow = (table: "reservations" | "sessions") => sql`EXISTS (
  SELECT 1 FROM ${sql.raw(table)} r WHERE r.makerspace_id = booking_claims.makerspace_id AND r.id = booking_claims.booking_id
    AND r.version >= booking_claims.settled_by)`;

/** Drops the claims whose rows are here, and those that their machines know nothing of; of those that were due when the clockwork looked. */
async function sweepClaims(store: SpaceStore, looked_at: number): Promise<void> {
  const isLeft = store.in(bookingClaims, lt(bookingClaims.decide_before, looked_at - RESTS_MS));
  await store.db
    .delete(bookingClaims)
    .where(
      and(
        isLeft,
        sql`CASE ${bookingClaims.kind} WHEN 'reservation' THEN ${isRow("reservations")} ELSE ${isRow("sessions")} END`,
      ),
    );
  const left = await store.db
    .select()
    .from(bookingClaims)
    .where(isLeft)
    .orderBy(asc(bookingClaims.decide_before))
    .limit(CLAIMS_PER_MESSAGE);
  await inParallel(left, (claim) => sweepClaim(store, claim, looked_at));
}

async function sweepClaim(store: SpaceStore, claim: ClaimRow, looked_at: number): Promise<void> {
  const { member_id, equipment_id, key, decide_before } = claim;
  // Unless a retry has taken it over meanwhile.
  const same = store.in(
    bookingClaims,
    eq(bookingClaims.member_id, member_id),
    eq(bookingClaims.equipment_id, equipment_id),
    eq(bookingClaims.key, key),
    eq(bookingClaims.decide_before, decide_before),
  );
  // To the end of the line, so that claims which cannot go yet keep nobody else's waiting.
  const putBack = () =>
    store.db
      .update(bookingClaims)
      .set({ decide_before: looked_at - RESTS_MS })
      .where(same);
  try {
    // Booked, and its row on the way: it goes on counting.
    if (await isBooked(claim)) await putBack();
    else await store.db.delete(bookingClaims).where(same);
  } catch (error) {
    log.warn("claim_not_swept", { makerspace_id: store.makerspace_id, equipment_id, error: describeError(error) });
    await putBack().catch(() => undefined);
  }
}

/** Has the machine done what was claimed? */
async function isBooked({ makerspace_id, equipment_id, kind, booking_id, settled_by }: ClaimRow): Promise<boolean> {
  const object = machineOf(makerspace_id, equipment_id);
  const found = kind === "reservation" ? await object.reservation(booking_id) : await object.session(booking_id);
  if (found === null) return kind === "reservation" && object.isKept(booking_id);
  return found.version >= settled_by;
}
