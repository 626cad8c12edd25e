/** What the clockwork does with memberships: their next period, their end, the end of a pause. Running twice changes nothing. */

import type { SettingsSource } from "../../../platform/access/membership.ts";
import { dueRounds, eachDue } from "../../../platform/ops/due.ts";
import { Problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { isInGroup } from "../billing_groups/reads.ts";
import type { PaymentsPort } from "../port.ts";
import { changeAsPlanned } from "./change.ts";
import { mayRenewItself } from "./cycles.ts";
import { resumeAt } from "./pauses.ts";
import { endAt, renewCurrent } from "./steps.ts";
import { memberships } from "./tables.ts";
import { type Loaded, loadMembership, takeStep } from "./writes.ts";

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

export const membershipRounds = (source: SettingsSource, payments: PaymentsPort) =>
  dueRounds("memberships.due", memberships, source, (space) =>
    eachDue(space, {
      table: memberships,
      // Each with some 25 statements: D1 takes a thousand per invocation.
      per_message: 30,
      read: async (ids) => ids.map((id) => ({ id })),
      handle: async ({ id }) => handleDue(space, payments, await loadMembership(space, id)),
    }),
  );
