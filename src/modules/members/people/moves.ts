/** Steps of a membership: one statement that looks and moves, so that no two of them pass together that may not. */

import type { z } from "@hono/zod-openapi";
import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { MembershipStatus } from "../../../platform/access/membership.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { type MemberStep, mayStep, memberTransitions } from "../model.ts";
import { memberDuties, members } from "../tables.ts";
import type { Member } from "./contract.ts";
import { findMember } from "./reads.ts";
import { type MemberRow, viewInFull } from "./view.ts";

/** A step to take. */
interface Move {
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

/** Steps that lose an administrator. */
const losing: readonly MemberStep[] = ["suspend", "remove", "expire"];

/** Somebody else is there to administer: active, and able to sign in. It stands in the statement that takes an administrator away. */
export const anotherAdministrator = (space: Space, id: string): SQL => sql`(
  ${members.role} <> 'makerspace_admin' OR ${members.status} <> 'active' OR EXISTS (
    SELECT 1 FROM members other
    WHERE other.makerspace_id = ${space.id} AND other.role = 'makerspace_admin' AND other.status = 'active'
      AND other.user_id IS NOT NULL AND other.id <> ${id}))`;

/** One member. @throws not_found */
export async function requiredMember(space: Space, id: string): Promise<MemberRow> {
  const row = await findMember(space.store, id);
  if (!row) throw problem("not_found");
  return row;
}

/** True when this row is an administrator who counts: what `anotherAdministrator` protects. */
export const isAdministrator = (row: MemberRow): boolean => row.role === "makerspace_admin" && row.status === "active";

async function attempt(space: Space, before: MemberRow, move: Move): Promise<MemberRow> {
  const { step, to, action, reason = null, set = {}, events = [], told = {}, writes = [] } = move;
  const change = { ...set, status: to, status_reason: reason, updated_at: space.now, version: before.version + 1 };
  // Who goes lays down their duties: should they come back, staff give them anew.
  const leaves = step === "remove";
  const after: MemberRow = { ...before, ...change, duties: leaves ? [] : before.duties };
  await space.commit(
    {
      action,
      subject: { type: "member", id: before.id, version: change.version },
      before: { status: before.status },
      after: { status: to, ...(reason !== null && { status_reason: reason }), ...told },
      events,
      answer: { status: 200, body: viewInFull(space, after) },
    },
    write(
      space.db
        .update(members)
        .set(change)
        .where(
          and(
            space.store.in(members, eq(members.id, before.id), eq(members.version, before.version)),
            inArray(members.status, [...memberTransitions[step].from]),
            losing.includes(step) ? anotherAdministrator(space, before.id) : undefined,
          ),
        ),
      { expect: "conflict" },
    ),
    ...(leaves
      ? [
          write(
            space.db.delete(memberDuties).where(space.store.in(memberDuties, eq(memberDuties.member_id, before.id))),
          ),
        ]
      : []),
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
    // Who was merged away goes on as somebody else, who was erased as nobody.
    if (!mayStep(move.step, before.status) || before.merged_into !== null || before.erased_at !== null)
      throw problem("illegal_transition", { current_status: before.status });
    try {
      const after = await attempt(space, before, move);
      return { view: viewInFull(space, after), before, after };
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "conflict") throw error;
      const now = await requiredMember(space, id);
      const isUnchanged = now.version === before.version;
      if (isUnchanged && losing.includes(move.step) && isAdministrator(now)) throw problem("last_administrator");
      if (isUnchanged || tries >= MAX_TRIES) throw error;
    }
  }
}
