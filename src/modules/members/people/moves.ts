/** Steps of a membership: one statement that looks and moves, so that no two of them pass together that may not. */

import type { z } from "@hono/zod-openapi";
import type { MembershipStatus } from "../../../platform/access/membership.ts";
import { among } from "../../../platform/db/columns.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { type MemberStep, mayStep } from "../model.ts";
import { memberDuties, type members } from "../tables.ts";
import { type Change, changed, changeWrites, entryOf } from "./changes.ts";
import type { Member } from "./contract.ts";
import { findMember } from "./reads.ts";
import { type MemberRow, viewInFull } from "./view.ts";

/** A step to take. */
export interface Move {
  step: MemberStep;
  to: MembershipStatus;
  /** "member.suspended" */
  action: string;
  reason?: string | null;
  set?: Partial<typeof members.$inferSelect>;
  events?: readonly EventDraft[];
  /** What the audit is told besides: no personal data. */
  told?: object;
  /** What goes along with it, or stands in its way. */
  writes?: readonly Write[];
}

/** One member. @throws not_found */
export async function requiredMember(space: Space, id: string): Promise<MemberRow> {
  const row = await findMember(space.store, id);
  if (!row) throw problem("not_found");
  return row;
}

/**
 * A step as a change of the member's row.
 * @throws illegal_transition
 */
export function changeBy(
  before: MemberRow,
  { step, to, action, reason = null, set = {}, events = [], told = {} }: Move,
): Change {
  // Who was merged away goes on as somebody else, who was erased as nobody.
  if (!mayStep(step, before.status) || before.merged_into !== null || before.erased_at !== null)
    throw problem("illegal_transition", { current_status: before.status });
  return {
    before,
    set: { ...set, status: to, status_reason: reason },
    action,
    told: {
      before: { status: before.status },
      after: { status: to, ...(reason !== null && { status_reason: reason }), ...told },
    },
    events,
  };
}

/** Who goes lays down their duties, and who asks again brings none along: staff give them anew. */
export const dutiesEnd = ({ db, store }: Space, member_ids: readonly string[]): Write =>
  write(db.delete(memberDuties).where(store.in(memberDuties, among(memberDuties.member_id, member_ids))));

async function attempt(space: Space, change: Change, { step, to, writes = [] }: Move): Promise<MemberRow> {
  const { before } = change;
  const ends = to === "left" || step === "rejoin";
  const after: MemberRow = { ...changed(space, change), duties: ends ? [] : before.duties };
  await space.commit(
    { ...entryOf(change), answer: { status: 200, body: viewInFull(space, after) } },
    ...changeWrites(space, [change]),
    ...(ends ? [dutiesEnd(space, [before.id])] : []),
    ...writes,
  );
  return after;
}

/** More changes of one member at the same time than this is a quarrel, not a race. */
const MAX_TRIES = 5;

/**
 * Takes a step. What somebody else changes meanwhile is looked at again.
 * @throws not_found; illegal_transition; last_administrator; conflict
 */
export async function moveMember(
  space: Space,
  id: string,
  make: (before: MemberRow) => Move,
): Promise<{ view: z.output<typeof Member>; before: MemberRow; after: MemberRow }> {
  for (let tries = 1; ; tries += 1) {
    const before = await requiredMember(space, id);
    const move = make(before);
    try {
      const after = await attempt(space, changeBy(before, move), move);
      return { view: viewInFull(space, after), before, after };
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "conflict") throw error;
      const now = await requiredMember(space, id);
      if (now.version === before.version || tries >= MAX_TRIES) throw error;
    }
  }
}
