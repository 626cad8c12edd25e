/** What the clockwork does with memberships: their next period, their end, the end of a pause. Running twice changes nothing. */

import { eq, lte, sql } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { describeError, log } from "../../../platform/log.ts";
import { rounds } from "../../../platform/ops/rounds.ts";
import { Problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { HOUR } from "../../../platform/time.ts";
import { isInGroup } from "../billing_groups/reads.ts";
import type { PaymentsPort } from "../port.ts";
import { changeAsPlanned } from "./change.ts";
import { mayRenewItself } from "./cycles.ts";
import { resumeAt } from "./pauses.ts";
import { endAt, renewCurrent } from "./steps.ts";
import { memberships } from "./tables.ts";
import { type Loaded, loadMembership, takeStep } from "./writes.ts";

/** A message works on no more, each with some 25 statements: D1 takes a thousand per invocation. Another one goes on with the rest. */
const PER_MESSAGE = 30;

/** Who is suspended or gone is not charged for another period. */
const mayGoOn = ({ member }: Loaded): boolean => member.status !== "suspended" && member.status !== "left";

/** What was planned for the end cannot be: the membership goes on, or lapses, as it would have. */
async function dropPlan(space: Space, payments: PaymentsPort, loaded: Loaded, why: string): Promise<void> {
  const { row } = loaded;
  await takeStep(space, payments, loaded, {
    step: "continue",
    event: "membership.continued",
    change: { next_plan_id: null },
    transaction: {
      kind: "continuation",
      period: { from: row.ends_at, to: row.ends_at },
      reason: `the planned change was not possible: ${why}`,
    },
  });
}

async function changeOrDrop(space: Space, payments: PaymentsPort, loaded: Loaded): Promise<void> {
  try {
    await changeAsPlanned(space, payments, loaded);
  } catch (error) {
    const code = error instanceof Problem ? error.code : null;
    if (code !== "plan_full" && code !== "group_required" && code !== "plan_unavailable" && code !== "not_found")
      throw error;
    await dropPlan(space, payments, loaded, code);
  }
}

async function expire(space: Space, payments: PaymentsPort, loaded: Loaded): Promise<void> {
  const { row } = loaded;
  await takeStep(space, payments, loaded, {
    step: "expire",
    event: "membership.expired",
    change: { cancels_at_end: false, next_plan_id: null },
    transaction: { kind: "expiry", period: { from: row.ends_at, to: Math.max(row.ends_at, row.lapses_at) } },
  });
}

/** One membership whose time has come. What it turns into may be due again at once: after an outage, period by period. */
async function handleDue(space: Space, payments: PaymentsPort, loaded: Loaded): Promise<void> {
  const { row, plan } = loaded;
  if (row.status === "paused") {
    await resumeAt(space, payments, loaded, row.paused_until ?? space.now);
    return;
  }
  const goesOn = mayGoOn(loaded);
  if (row.cancels_at_end) {
    await endAt(space, payments, loaded, row.ends_at, { reason: row.status_reason, refund: false, waive_fee: false });
  } else if (row.next_plan_id !== null && goesOn) await changeOrDrop(space, payments, loaded);
  else if (
    row.auto_renew &&
    mayRenewItself(plan.billing_cycle) &&
    goesOn &&
    row.currency === plan.currency &&
    (await isInGroup(space.store, row.member_id, plan.group_kind))
  )
    await renewCurrent(space, payments, loaded, "renewed by itself");
  else if (row.lapses_at <= space.now) await expire(space, payments, loaded);
  else {
    // It does not renew after all: its days of grace run, and it is looked at again when they are over.
    await takeStep(space, payments, loaded, {
      step: "plan_ahead",
      event: "membership.change_planned",
      change: { auto_renew: false, next_plan_id: null },
    });
  }
}

/** Ids of what is due in a makerspace, the oldest first. */
const dueIds = (store: SpaceStore, now: number): Promise<{ id: string }[]> =>
  store.db.all<{ id: string }>(sql`
    SELECT id FROM ${memberships} INDEXED BY memberships_due
    WHERE due_at IS NOT NULL AND due_at <= ${now} AND makerspace_id = ${store.makerspace_id}
    ORDER BY due_at, id LIMIT ${PER_MESSAGE}`);

/** Who cannot be handled is looked at again an hour later, behind all others: many of them keep nobody waiting. */
const putOff = (space: Space, id: string) =>
  space.db
    .update(memberships)
    .set({ due_at: space.now + HOUR })
    .where(space.store.in(memberships, eq(memberships.id, id), lte(memberships.due_at, space.now)));

/**
 * Works through what is due in a makerspace.
 * @returns whether more is left
 */
async function runDue(space: Space, payments: PaymentsPort): Promise<boolean> {
  const ids = await dueIds(space.store, space.now);
  for (const { id } of ids) {
    try {
      await handleDue(space, payments, await loadMembership(space, id));
    } catch (error) {
      // Somebody else was faster.
      if (error instanceof Problem && error.code === "conflict") continue;
      log.error("membership_due_failed", { makerspace_id: space.id, id, error: describeError(error) });
      await putOff(space, id);
    }
  }
  return ids.length === PER_MESSAGE || (await dueIds(space.store, space.now)).length > 0;
}

/** Local midnights fall on quarters of an hour in every zone: each quarter, makerspaces in which something is due. */
export const membershipRounds = (source: SettingsSource, payments: PaymentsPort) =>
  rounds({
    name: "memberships_due",
    schedule: "quarter",
    type: "memberships.due",
    waiting: (db, now, limit) =>
      db.all<{ makerspace_id: string }>(sql`
        SELECT DISTINCT makerspace_id FROM ${memberships} INDEXED BY memberships_due
        WHERE due_at IS NOT NULL AND due_at <= ${now} LIMIT ${limit}`),
    async work({ store, request_id, now }) {
      const space = await loadSystemSpace(store, source, { actor_id: "memberships", request_id, now });
      return { more: space !== null && (await runDue(space, payments)) };
    },
  });
