/** Pauses: the clock of a membership stops, and goes on with the whole days that it stood still. */

import type { z } from "@hono/zod-openapi";
import { type and, desc, eq, gte, inArray, lte, sql } from "drizzle-orm";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import type { PaymentsPort } from "../port.ts";
import type { Membership, PauseInput } from "./contract.ts";
import { daysLater, ENDLESS, localDate, midnightAfter, stretchedBy, wholeDays } from "./cycles.ts";
import { anchorOf, stretchOf } from "./model.ts";
import { membershipTransactions } from "./tables.ts";
import { type MembershipRow, viewMembership } from "./view.ts";
import { isStaff, type Loaded, loadMembership, refuseStep, takeStep } from "./writes.ts";

type View = z.output<typeof Membership>;

/** A pause lasts this long unless told, and members take none longer. */
const PAUSE_DAYS = 90;
const PAUSE_DAYS_OF_STAFF = 366;
/** A pause of one's own membership that was shorter gives nothing back. */
const OWN_PAUSE_DAYS = 7;
/** So often one pauses one's own membership in a period that is paid for. */
const OWN_PAUSES_PER_PERIOD = 2;

const transactionsOf = (space: Space, { id }: MembershipRow, ...more: Parameters<typeof and>) =>
  space.store.in(membershipTransactions, eq(membershipTransactions.membership_id, id), ...more);

/**
 * How often the member has paused their own membership since the paid period began that runs at this moment. Every pause moves the
 * membership's version: two at once cannot both be within the bound.
 */
async function ownPauses(space: Space, row: MembershipRow): Promise<number> {
  const { kind, actor_id, period_from, period_to, created_at } = membershipTransactions;
  const paid = transactionsOf(
    space,
    row,
    inArray(kind, ["join", "renewal", "upgrade", "downgrade"]),
    // What is only planned pays for no time.
    sql`${period_to} > ${period_from}`,
    lte(period_from, space.now),
  );
  const [begun] = await space.db
    .select({ at: sql<number | null>`max(${period_from})` })
    .from(membershipTransactions)
    .where(paid);
  const own = transactionsOf(
    space,
    row,
    eq(kind, "pause"),
    eq(actor_id, row.member_id),
    gte(created_at, begun?.at ?? 0),
  );
  return space.db.$count(membershipTransactions, own);
}

/** Whether the pause that holds was taken by the member, not by staff for them. */
async function isOwnPause(space: Space, row: MembershipRow): Promise<boolean> {
  const [last] = await space.db
    .select({ actor_id: membershipTransactions.actor_id })
    .from(membershipTransactions)
    .where(transactionsOf(space, row, eq(membershipTransactions.kind, "pause")))
    .orderBy(desc(membershipTransactions.created_at), desc(membershipTransactions.id))
    .limit(1);
  return last?.actor_id === row.member_id;
}

/**
 * Stops the clock: while it is paused nothing is booked, and whole days are added when it goes on.
 * @throws not_found; illegal_transition for a trial, a plan by the hour, days of grace, or one's own third pause in a period; invalid_body
 * for an end too far away
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
  if (row.member_id === space.actor.id && (await ownPauses(space, row)) >= OWN_PAUSES_PER_PERIOD)
    refuseStep("pause", row, `Members pause ${OWN_PAUSES_PER_PERIOD} times in a period; staff may make exceptions.`);
  const after = await takeStep(space, payments, loaded, {
    step: "pause",
    event: "membership.paused",
    change: { paused_at: now, paused_until, status_reason: input.reason ?? null },
    transaction: { kind: "pause", period: { from: now, to: paused_until }, reason: input.reason ?? null },
  });
  return viewMembership(after, now);
}

/** What moves when a pause gives days back. A membership for life has no end that could move: its cycles go on by the calendar. */
function moved(row: MembershipRow, paused_at: number, days: number, timezone: string): Partial<MembershipRow> {
  if (days === 0) return {};
  const later = (at: number): number => (at >= ENDLESS ? at : daysLater(at, days, timezone));
  const contract_ends_at = row.contract_ends_at === null ? null : later(row.contract_ends_at);
  if (row.ends_at >= ENDLESS) return { contract_ends_at };
  const ends_at = later(row.ends_at);
  // Cycles are counted from the new end, so that each lasts as long as it would have.
  const anchor_on = localDate(ends_at, timezone);
  const before = { ...anchorOf(row), stretched: stretchOf(row) };
  const stretched = stretchedBy(before, anchor_on, paused_at, days, timezone);
  return {
    ends_at,
    lapses_at: later(row.lapses_at),
    anchor_on,
    stretched_from: stretched.from,
    stretched_to: stretched.to,
    paid_from: later(row.paid_from),
    contract_ends_at,
  };
}

/** Lets the clock go on at an instant: everything ahead moves by the whole days of the pause, by none after a short one of the member. */
export async function resumeAt(
  space: Space,
  payments: PaymentsPort,
  loaded: Loaded,
  at: number,
): Promise<MembershipRow> {
  const { row } = loaded;
  const { timezone } = space.settings;
  const paused_at = row.paused_at ?? at;
  const stood = wholeDays(paused_at, at, timezone);
  const days = stood < OWN_PAUSE_DAYS && (await isOwnPause(space, row)) ? 0 : stood;
  return takeStep(space, payments, loaded, {
    step: "resume",
    event: "membership.resumed",
    change: { ...moved(row, paused_at, days, timezone), paused_at: null, paused_until: null, status_reason: null },
    transaction: { kind: "resume", period: { from: paused_at, to: at } },
  });
}

/** Ends a pause now. @throws not_found, illegal_transition, conflict */
export async function resumeMembership(space: Space, id: string, payments: PaymentsPort): Promise<View> {
  const loaded = await loadMembership(space, id);
  refuseStep("resume", loaded.row);
  return viewMembership(await resumeAt(space, payments, loaded, space.now), space.now);
}
