/** The clockwork of guests: when the day is over nobody is expected or in the house any more, and some time later names are erased. */

import { eq, lte, sql } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { among } from "../../../platform/db/columns.ts";
import { write } from "../../../platform/db/commit.ts";
import { dueRounds } from "../../../platform/ops/due.ts";
import { Problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import { guestVisits } from "./tables.ts";

/** Visits per message; another one goes on. */
const PER_MESSAGE = 200;

/** Ids of what is due, by what is to be done. */
async function dueVisits({ store, db, now }: Space) {
  const rows = await db.all<{ id: string; status: string }>(sql`
    SELECT id, status FROM guest_visits INDEXED BY guest_visits_due
    WHERE due_at IS NOT NULL AND due_at <= ${now} AND makerspace_id = ${store.makerspace_id}
    ORDER BY due_at LIMIT ${PER_MESSAGE}`);
  const idsOf = (isWanted: (status: string) => boolean) =>
    rows.filter((row) => isWanted(row.status)).map(({ id }) => id);
  return {
    missed: idsOf((status) => status === "expected"),
    left: idsOf((status) => status === "arrived"),
    nameless: idsOf((status) => status !== "expected" && status !== "arrived"),
    isMore: rows.length === PER_MESSAGE,
  };
}

/** The door is open while the clock works: more changes than this at the same time are left to the next message. */
const MAX_TRIES = 3;

/** Works through what is due; what changes meanwhile is looked at again. @returns whether more is left @throws conflict */
async function tendGuests(space: Space): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await tendOnce(space);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "conflict" || tries >= MAX_TRIES) throw error;
    }
  }
}

/** One commit per kind; running twice changes nothing. @returns whether more is left @throws conflict */
async function tendOnce(space: Space): Promise<boolean> {
  const { missed, left, nameless, isMore } = await dueVisits(space);
  const kept = space.settings.sections.access.guest_names_kept_days * DAY;
  const version = sql`${guestVisits.version} + 1`;
  const { now } = space;
  const commit = (action: string, ids: string[], change: object, status?: "expected" | "arrived") =>
    space.commit(
      { action, subject: { type: "guests", id: space.id, version: 0 }, after: { ids } },
      write(
        space.db
          .update(guestVisits)
          .set({ ...change, updated_at: now, version })
          .where(
            space.store.in(
              guestVisits,
              among(guestVisits.id, ids),
              lte(guestVisits.due_at, now),
              status === undefined ? undefined : eq(guestVisits.status, status),
            ),
          ),
        // The audit names those that were changed: who came in, or was cancelled, since they were read is none of them.
        { expect: "conflict", rows: ids.length },
      ),
    );
  const due_at = sql`${guestVisits.day_to} + ${kept}`;
  if (missed.length > 0) await commit("guests.missed", missed, { status: "no_show", due_at }, "expected");
  // Who was not seen out has gone when the day ended, as far as anybody knows.
  if (left.length > 0) {
    const change = { status: "departed", departed_at: sql`${guestVisits.day_to}`, due_at };
    await commit("guests.day_ended", left, change, "arrived");
  }
  if (nameless.length > 0) await commit("guests.names_erased", nameless, { name: null, due_at: null });
  return isMore;
}

export const guestRounds = (source: SettingsSource) => dueRounds("guests.due", guestVisits, source, tendGuests);
