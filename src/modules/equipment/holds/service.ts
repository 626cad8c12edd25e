/** Holds: slots kept while their members choose. They live in the machines' objects; D1 knows only which one a member has per category. */

import type { z } from "@hono/zod-openapi";
import { and, eq, lt, ne, sql } from "drizzle-orm";
import type { CronTask } from "../../../platform/cron.ts";
import { everyShard } from "../../../platform/db/driver.ts";
import { newId } from "../../../platform/ids.ts";
import { describeError, log } from "../../../platform/log.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY, toIso } from "../../../platform/time.ts";
import { type Executed, execute } from "../commands.ts";
import { type MachineRow, requireMachine } from "../machines/index.ts";
import { FACTS_GOOD_FOR_MS, HOLD_RENEWALS, openGates } from "../model.ts";
import { machine } from "../objects.ts";
import type { HoldRecord } from "../port.ts";
import type { BookingFacts } from "../reservations/service.ts";
import { reachesAll, standingFor, standingOfCaller } from "../standing.ts";
import { bookingHolds } from "../tables.ts";
import type { Hold, HoldInput } from "./contract.ts";

type View = z.output<typeof Hold>;

const view = (space: Space, hold: HoldRecord): View => ({
  hold_token: hold.id,
  makerspace_id: space.id,
  equipment_id: hold.equipment_id,
  member_id: hold.member_id,
  starts_at: toIso(hold.starts_at),
  ends_at: toIso(hold.ends_at),
  expires_at: toIso(hold.expires_at),
  renewals_left: HOLD_RENEWALS - hold.renewals,
  created_at: toIso(hold.created_at),
});

function kept(space: Space, { hold, replayed }: Executed): { view: View; replayed: boolean; hold: HoldRecord } {
  if (!hold) throw problem("not_found");
  return { view: view(space, hold), replayed, hold };
}

/**
 * Keeps a slot for a member, in place of what was kept for them in this category of machines.
 * @throws slot_taken, booking_refused, equipment_unavailable, equipment_retired, equipment_busy, feature_disabled, forbidden
 */
export async function holdSlot(
  space: Space,
  facts: BookingFacts,
  { starts_at, ends_at, member_id }: z.output<typeof HoldInput>,
): Promise<{ view: View; replayed: boolean }> {
  const row = requireMachine(facts.machine);
  const standing = await standingFor(space, "reservations.create", row, facts, member_id);
  const done = kept(space, await execute(space, row, { type: "hold", hold_id: newId(), starts_at, ends_at }, standing));
  // The first try may have ended before this; of a hold that is gone there is nothing to note.
  const isThere = !done.replayed || (await machine(space, row.id).hold(done.hold.id)) !== null;
  if (isThere) await replaceEarlier(space, row, done.hold);
  return done;
}

/**
 * Notes that this is the member's one hold in the category, and lets go the one on another machine; of several at once the last noted stays.
 * On one machine the machine itself has replaced the earlier one, and its numbers say which that was.
 */
async function replaceEarlier(space: Space, row: MachineRow, hold: HoldRecord): Promise<void> {
  const { store } = space;
  const { member_id, equipment_id, id: hold_id, expires_at, seq } = hold;
  const isSame = store.in(
    bookingHolds,
    and(eq(bookingHolds.member_id, member_id), eq(bookingHolds.category, row.category)),
  );
  const entry = { equipment_id, hold_id, expires_at, seq };
  let earlier: { equipment_id: string; hold_id: string }[];
  try {
    [earlier] = await store.db.batch([
      store.db
        .select({ equipment_id: bookingHolds.equipment_id, hold_id: bookingHolds.hold_id })
        .from(bookingHolds)
        // It may have been renewed: only its machine knows whether it is gone.
        .where(and(isSame, ne(bookingHolds.equipment_id, equipment_id))),
      store.db
        .insert(bookingHolds)
        .values({ makerspace_id: space.id, member_id, category: row.category, ...entry })
        .onConflictDoUpdate({
          target: [bookingHolds.makerspace_id, bookingHolds.member_id, bookingHolds.category],
          set: entry,
          setWhere: sql`${bookingHolds.equipment_id} <> ${equipment_id} OR ${bookingHolds.seq} < ${seq}`,
        }),
    ]);
  } catch (error) {
    log.warn("hold_not_noted", { request_id: space.request_id, equipment_id, error: describeError(error) });
    // The slot stays kept until it runs out: the repeated request finds it, and notes it.
    throw problem("unavailable", { retry_after: 2 });
  }
  for (const each of earlier) await letGo(space, each.equipment_id, each.hold_id);
}

/** Longer than a hold can last. */
const NOTES_KEPT = DAY;

/** Forgets who kept what once it is long over. */
export const tidyHolds: CronTask = {
  name: "tidy_holds",
  schedule: "quarter",
  async run(now) {
    const results = await Promise.all(
      everyShard().map((shard) => shard.delete(bookingHolds).where(lt(bookingHolds.expires_at, now - NOTES_KEPT))),
    );
    return results.reduce((sum, { meta }) => sum + meta.changes, 0);
  },
};

/** Lets a hold go, whoever had it; when its machine does not answer, it runs out by itself. */
async function letGo(space: Space, equipment_id: string, hold_id: string): Promise<void> {
  try {
    await machine(space, equipment_id).execute({
      command: { type: "release_hold", hold_id },
      actor: { kind: "system", id: "holds", authority: "any" },
      facts: {
        decide_before: Date.now() + FACTS_GOOD_FOR_MS,
        policy_versions: { makerspace: 0, equipment: 0, hours: 0 },
        holder: null,
        gates: openGates,
      },
      key: null,
      request_id: space.request_id,
    });
  } catch (error) {
    log.warn("hold_not_let_go", { request_id: space.request_id, equipment_id, error: describeError(error) });
  }
}

/** A hold of one's own, or for the staff anybody's. @throws not_found */
export async function readHold(space: Space, rows: MachineRow[], hold_id: string): Promise<View> {
  const row = requireMachine(rows);
  const hold = await space.time("object", machine(space, row.id).hold(hold_id));
  const isShown = hold && (hold.member_id === space.actor.id || reachesAll(space, "reservations.read", row));
  if (!isShown) throw problem("not_found");
  return view(space, hold);
}

/** Gives a hold its whole time again. @throws hold_gone, booking_refused */
export async function renewHold(
  space: Space,
  facts: BookingFacts,
  hold_id: string,
): Promise<{ view: View; replayed: boolean }> {
  const row = requireMachine(facts.machine);
  const standing = await standingOfCaller(space, "reservations.create", row, facts);
  return kept(space, await execute(space, row, { type: "renew_hold", hold_id }, standing));
}

/** Lets a hold go; repeating it changes nothing. */
export async function releaseHold(space: Space, facts: BookingFacts, hold_id: string): Promise<void> {
  const row = requireMachine(facts.machine);
  const standing = await standingOfCaller(space, "reservations.create", row, facts);
  try {
    await execute(space, row, { type: "release_hold", hold_id }, standing);
  } catch (error) {
    if (!(error instanceof Problem) || (error.code !== "hold_gone" && error.code !== "equipment_retired")) throw error;
  }
}
