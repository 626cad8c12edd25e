/** The clockwork of invites: those that are over become `expired`, those who have not answered are reminded once. */

import { and, eq, isNull, lt, lte, or, sql } from "drizzle-orm";
import type { CronTask } from "../../../platform/cron.ts";
import { write } from "../../../platform/db/commit.ts";
import { everyShard } from "../../../platform/db/driver.ts";
import { orderMail } from "../../../platform/mail/deliveries.ts";
import { rounds } from "../../../platform/ops/rounds.ts";
import { Problem } from "../../../platform/problem.ts";
import type { Consumers } from "../../../platform/queue.ts";
import type { Space } from "../../../platform/space.ts";
import { systemSpace } from "../../../platform/system-space.ts";
import { DAY } from "../../../platform/time.ts";
import { REMIND_BEFORE } from "./model.ts";
import type { InviteMailData } from "./orders.ts";
import { joinByEvent, type PlanSources } from "./plans.ts";
import { isOpen } from "./reads.ts";
import { invites } from "./tables.ts";
import type { InviteRow } from "./view.ts";

/** Invites per message, each with five statements: D1 takes a thousand per invocation. Another message goes on with the rest. */
const DUE_MAX = 100;
/** Who did not accept is known no longer than this; the audit keeps that there was an invite, and nothing of whom. */
const OVER_KEPT = 90 * DAY;

const isUnanswered = (now: number) =>
  and(isOpen(now), lte(invites.expires_at, now + REMIND_BEFORE), isNull(invites.reminded_at));

/** Over, or unanswered for long. */
const isDue = (now: number) =>
  and(
    eq(invites.status, "pending"),
    lte(invites.expires_at, now + REMIND_BEFORE),
    or(lte(invites.expires_at, now), isNull(invites.reminded_at)),
  );

/** What changes an invite meanwhile wins: then there is nothing to do here. */
async function unlessChanged(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "conflict") throw error;
  }
}

const expire = (space: Space, row: InviteRow): Promise<void> =>
  space.commit(
    {
      action: "invite.expired",
      subject: { type: "invite", id: row.id, version: row.version + 1 },
      before: { status: row.status },
      after: { status: "expired" },
      events: [{ type: "invite.expired", data: {} }],
    },
    write(
      space.db
        .update(invites)
        .set({
          status: "expired",
          token_digest: null,
          reminder_digest: null,
          updated_at: space.now,
          version: row.version + 1,
        })
        .where(
          space.store.in(
            invites,
            eq(invites.id, row.id),
            eq(invites.version, row.version),
            eq(invites.status, "pending"),
            lte(invites.expires_at, space.now),
          ),
        ),
      { expect: "conflict" },
    ),
  );

/** Orders the reminder and notes it in one step: there is never a second one. */
function remind(space: Space, { id, version }: InviteRow): Promise<void> {
  const mail = orderMail(
    space.store,
    {
      template: "invite_reminder",
      recipient: `invite:${id}`,
      subject: { type: "invite", id },
      cause: `invite:${id}:${version}`,
      data: { version } satisfies InviteMailData,
    },
    space.now,
  );
  return space.commit(
    { action: "invite.reminded", subject: { type: "invite", id, version }, events: [mail.event] },
    write(
      space.db
        .update(invites)
        .set({ reminded_at: space.now })
        .where(and(space.store.in(invites, eq(invites.id, id), eq(invites.version, version)), isUnanswered(space.now))),
      { expect: "conflict" },
    ),
    mail.write,
  );
}

/** Looks after some invites of one makerspace; running twice changes nothing. True when there may be more. */
export async function tendInvites(space: Space): Promise<boolean> {
  const { store, now } = space;
  const due = await space.db
    .select()
    .from(invites)
    .where(store.in(invites, isDue(now)))
    .limit(DUE_MAX);
  for (const row of due) {
    if (row.expires_at <= now) await unlessChanged(expire(space, row));
    else await unlessChanged(remind(space, row));
  }
  return due.length === DUE_MAX;
}

/** What follows an acceptance. */
export const inviteConsumers = (sources: PlanSources): Consumers<"invite.accepted"> => ({
  "invite.accepted": [joinByEvent(sources)],
});

/** Each quarter of an hour: makerspaces with something due. */
export const inviteRounds = rounds({
  name: "tend_invites",
  schedule: "quarter",
  type: "invites.due",
  waiting: (db, now, limit) =>
    db.selectDistinct({ makerspace_id: invites.makerspace_id }).from(invites).where(isDue(now)).limit(limit),
  async work({ store, request_id, now }) {
    return { more: await tendInvites(systemSpace(store, null, { actor_id: "invites", request_id, now })) };
  },
});

/** Deletes what nobody accepted and is long over, with the address. */
async function tidyInvites(now: number): Promise<number> {
  const done = await Promise.all(
    everyShard().map((db) =>
      db.delete(invites).where(
        and(
          // In these words, because they are those of the partial index.
          sql`${invites.status} IN ('cancelled', 'expired')`,
          lt(invites.updated_at, now - OVER_KEPT),
        ),
      ),
    ),
  );
  return done.reduce((sum, { meta }) => sum + (meta.changes ?? 0), 0);
}

export const tidyInvitesEachQuarter: CronTask = { name: "tidy_invites", schedule: "quarter", run: tidyInvites };
