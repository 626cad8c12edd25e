/** Steps of a membership that keep its plan: renewed, paused, resumed, cancelled, continued. */

import type { z } from "@hono/zod-openapi";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import type { PaymentsPort } from "../port.ts";
import type { CancelInput, Membership, PauseInput } from "./contract.ts";
import { daysBetween, ENDLESS, localDate, midnightAfter, midnightAfterMonths } from "./cycles.ts";
import { firstPeriod, nextPeriod, nothingDue, terminationFee, unusedOf } from "./model.ts";
import { type MembershipRow, viewMembership } from "./view.ts";
import { isStaff, type Loaded, loadMembership, refuseMember, refuseStep, takeStep } from "./writes.ts";

type View = z.output<typeof Membership>;

/** Nobody pays further ahead than this. */
const FARTHEST_MONTHS = 36;

/** What was planned for the period's end, taken off. */
const unplanned = { cancels_at_end: false, next_plan_id: null } as const;

/** One more period after the one that runs. */
export async function renewCurrent(
  space: Space,
  payments: PaymentsPort,
  loaded: Loaded,
  reason: string | null,
): Promise<MembershipRow> {
  const { row, plan } = loaded;
  const { columns, breakdown, period } = nextPeriod(row, plan, space.now, space.settings.timezone);
  return takeStep(space, payments, loaded, {
    step: "renew",
    event: "membership.renewed",
    change: { ...columns, ...unplanned },
    transaction: { kind: "renewal", breakdown, period, reason },
  });
}

/** A fresh period from now on, at today's price; a place must be free. */
async function renewExpired(space: Space, payments: PaymentsPort, loaded: Loaded): Promise<MembershipRow> {
  const { plan } = loaded;
  const { timezone } = space.settings;
  const begun = firstPeriod(plan, space.now, timezone, {
    trial: false,
    // Whoever had only a trial has not paid it yet.
    setup: loaded.row.is_trial,
    code: null,
    priced_at: space.now,
  });
  const { contract_months } = plan;
  return takeStep(space, payments, loaded, {
    step: "renew",
    event: "membership.renewed",
    change: {
      ...begun.columns,
      ...unplanned,
      auto_renew: plan.auto_renew,
      status_reason: null,
      contract_ends_at: contract_months === 0 ? null : midnightAfterMonths(space.now, contract_months, timezone),
    },
    transaction: {
      kind: "renewal",
      breakdown: begun.breakdown,
      period: { from: begun.columns.starts_at, to: begun.columns.ends_at },
      reason: "after expiry",
    },
  });
}

/**
 * Another period at today's price: after the one that runs (days of grace are not given twice), or from now on when the membership had expired.
 * Who renews stays: a cancellation at the period's end is off.
 * @throws not_found; illegal_transition for what never ends, is paid for three years ahead, or changes its plan; plan_full, plan_unavailable;
 * membership_exists when the member has another one; conflict
 */
export async function renewMembership(space: Space, id: string, payments: PaymentsPort): Promise<View> {
  const loaded = await loadMembership(space, id);
  const { row, plan, member } = loaded;
  refuseStep("renew", row);
  refuseMember(member);
  if (row.status === "expired") {
    if (plan.status !== "active") throw problem("plan_unavailable");
    return viewMembership(await renewExpired(space, payments, loaded), space.now);
  }
  if (row.ends_at >= ENDLESS) refuseStep("renew", row, "It never ends.");
  if (row.next_plan_id !== null) refuseStep("renew", row, "It changes its plan when the period ends.");
  if (row.currency !== plan.currency) throw problem("currency_mismatch");
  if (row.ends_at >= midnightAfterMonths(space.now, FARTHEST_MONTHS, space.settings.timezone))
    refuseStep("renew", row, "It is paid for three years ahead.");
  return viewMembership(await renewCurrent(space, payments, loaded, null), space.now);
}

/** A pause lasts this long unless told, and members take none longer. */
const PAUSE_DAYS = 90;
const PAUSE_DAYS_OF_STAFF = 366;

/**
 * Stops the clock: while it is paused nothing is booked, and the days are added when it goes on.
 * @throws not_found; illegal_transition for a trial, days of grace, a plan by the hour; invalid_body for an end too far away
 */
export async function pauseMembership(
  space: Space,
  id: string,
  input: z.output<typeof PauseInput>,
  payments: PaymentsPort,
): Promise<View> {
  const loaded = await loadMembership(space, id);
  const { row } = loaded;
  const { now } = space;
  refuseStep("pause", row);
  if (row.is_trial || row.billing_cycle === "hourly") refuseStep("pause", row, "Trials and hours are not paused.");
  if (row.ends_at <= now || row.starts_at > now) refuseStep("pause", row, "The period does not run now.");
  const longest = isStaff(space) ? PAUSE_DAYS_OF_STAFF : PAUSE_DAYS;
  const paused_until = input.until ?? midnightAfter(now, PAUSE_DAYS, space.settings.timezone);
  if (paused_until <= now || paused_until > now + (longest + 1) * DAY) {
    throw problem("invalid_body", {
      errors: [{ pointer: "/until", code: "out_of_range", detail: `must be in the next ${longest} days` }],
    });
  }
  const after = await takeStep(space, payments, loaded, {
    step: "pause",
    event: "membership.paused",
    change: { paused_at: now, paused_until, status_reason: input.reason ?? null },
    transaction: { kind: "pause", period: { from: now, to: paused_until }, reason: input.reason ?? null },
  });
  return viewMembership(after, now);
}

/** Lets the clock go on at an instant: everything ahead moves by the local days of the pause. */
export async function resumeAt(
  space: Space,
  payments: PaymentsPort,
  loaded: Loaded,
  at: number,
): Promise<MembershipRow> {
  const { row } = loaded;
  const { timezone } = space.settings;
  const paused_at = row.paused_at ?? at;
  const days = daysBetween(paused_at, at, timezone);
  const later = (instant: number): number => (instant >= ENDLESS ? instant : midnightAfter(instant, days, timezone));
  const ends_at = later(row.ends_at);
  return takeStep(space, payments, loaded, {
    step: "resume",
    event: "membership.resumed",
    change: {
      ends_at,
      lapses_at: later(row.lapses_at),
      // Cycles are counted from the new end, so that each lasts as long as it would have.
      anchor_on: row.ends_at >= ENDLESS ? row.anchor_on : localDate(ends_at, timezone),
      paid_from: row.paid_from + (at - paused_at),
      contract_ends_at: row.contract_ends_at === null ? null : later(row.contract_ends_at),
      paused_at: null,
      paused_until: null,
      status_reason: null,
    },
    transaction: { kind: "resume", period: { from: paused_at, to: at } },
  });
}

/** Ends a pause now. @throws not_found, illegal_transition, conflict */
export async function resumeMembership(space: Space, id: string, payments: PaymentsPort): Promise<View> {
  const loaded = await loadMembership(space, id);
  refuseStep("resume", loaded.row);
  return viewMembership(await resumeAt(space, payments, loaded, space.now), space.now);
}

/** Ends a membership at an instant; what it costs or gives back is stated in its transaction. */
export function endAt(
  space: Space,
  payments: PaymentsPort,
  loaded: Loaded,
  at: number,
  told: { reason: string | null; refund: boolean; waive_fee: boolean },
): Promise<MembershipRow> {
  const { row, plan } = loaded;
  const breakdown = {
    ...nothingDue,
    termination_fee_minor: told.waive_fee ? 0 : terminationFee(row, plan, at),
    credit_minor: told.refund ? unusedOf(row, row.paused_at ?? at) : 0,
  };
  const ends_at = Math.max(row.starts_at, Math.min(at, row.ends_at));
  return takeStep(space, payments, loaded, {
    step: "cancel",
    event: "membership.cancelled",
    change: {
      ends_at,
      lapses_at: ends_at,
      paused_at: null,
      paused_until: null,
      cancels_at_end: false,
      next_plan_id: null,
      status_reason: told.reason,
    },
    transaction: { kind: "cancellation", breakdown, period: { from: ends_at, to: ends_at }, reason: told.reason },
  });
}

/** Takes an application back; nothing was due. */
const withdraw = (space: Space, payments: PaymentsPort, loaded: Loaded, reason: string | null) =>
  takeStep(space, payments, loaded, {
    step: "cancel",
    event: "membership.cancelled",
    change: { status_reason: reason },
  });

/**
 * Ends a membership now, or when what is paid for is over; an application is taken back. Before the contract ends the plan's fee falls due
 * when it takes effect.
 * @throws not_found; forbidden for a member who asks for a refund or to be let off the fee; illegal_transition; conflict
 */
export async function cancelMembership(
  space: Space,
  id: string,
  input: z.output<typeof CancelInput>,
  payments: PaymentsPort,
): Promise<View> {
  const loaded = await loadMembership(space, id);
  const { row } = loaded;
  const { now } = space;
  if (!isStaff(space) && (input.refund || input.waive_fee))
    throw problem("forbidden", { detail: "Staff alone give refunds and let members off fees." });
  refuseStep("cancel", row);
  const reason = input.reason ?? null;
  if (row.status === "pending") return viewMembership(await withdraw(space, payments, loaded, reason), now);
  const isLater = input.when === "period_end" && row.status === "active" && row.ends_at > now && row.ends_at < ENDLESS;
  if (!isLater) return viewMembership(await endAt(space, payments, loaded, now, { ...input, reason }), now);
  if (row.cancels_at_end) refuseStep("plan_ahead", row, "It ends with its period already.");
  const after = await takeStep(space, payments, loaded, {
    step: "plan_ahead",
    event: "membership.cancelled",
    change: { cancels_at_end: true, next_plan_id: null, status_reason: reason },
    transaction: { kind: "cancellation", period: { from: row.ends_at, to: row.ends_at }, reason },
  });
  return viewMembership(after, now);
}

/** Takes back what was planned for the period's end: the membership goes on as it is. @throws not_found, illegal_transition, conflict */
export async function continueMembership(space: Space, id: string, payments: PaymentsPort): Promise<View> {
  const loaded = await loadMembership(space, id);
  const { row } = loaded;
  refuseStep("continue", row);
  if (!row.cancels_at_end && row.next_plan_id === null) refuseStep("continue", row, "Nothing is planned.");
  const after = await takeStep(space, payments, loaded, {
    step: "continue",
    event: "membership.continued",
    change: { ...unplanned, status_reason: null },
    transaction: { kind: "continuation", period: { from: row.starts_at, to: row.ends_at } },
  });
  return viewMembership(after, space.now);
}
