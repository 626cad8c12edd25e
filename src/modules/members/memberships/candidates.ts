/** Who wants a membership, and what they had before. */

import { desc, eq, sql } from "drizzle-orm";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { requiredPlan } from "../plans/service.ts";
import type { PlanRow } from "../plans/view.ts";
import { members } from "../tables.ts";
import { memberships } from "./tables.ts";
import type { MembershipRow } from "./view.ts";
import { isStaff, type MemberStanding } from "./writes.ts";

/** More memberships of one member than this are not looked through. */
const HISTORY = 200;

interface Candidate {
  member: MemberStanding;
  plan: PlanRow;
  /** Newest first. */
  history: MembershipRow[];
  /** No trial of any plan has been had, nor this plan: the database refuses a second trial, whoever races. */
  may_try: boolean;
}

/** Who was on a plan before knows it. */
const knows = (plan: PlanRow, history: readonly MembershipRow[]): boolean =>
  history.some((row) => row.plan_id === plan.id && row.status !== "pending" && row.status !== "declined");

/** The member, the plan and what the member had before. @throws not_found; unknown_reference for the plan */
export async function loadCandidate(space: Space, member_id: string, plan_id: string): Promise<Candidate> {
  if (!isStaff(space) && member_id !== space.actor.id) throw problem("not_found");
  const theirs = eq(memberships.member_id, member_id);
  const reads = space.db.batch([
    space.db
      .select({ id: members.id, status: members.status })
      .from(members)
      .where(space.store.in(members, eq(members.id, member_id))),
    space.db
      .select()
      .from(memberships)
      .where(space.store.in(memberships, theirs))
      .orderBy(desc(memberships.id))
      .limit(HISTORY),
    space.db
      .select({ id: memberships.id })
      .from(memberships)
      // In these words, because they are those of the partial index.
      .where(space.store.in(memberships, theirs, sql`${memberships.had_trial} = 1`))
      .limit(1),
  ]);
  const [[found], history, trials] = await reads;
  if (!found) throw problem("not_found");
  const plan = await requiredPlan(space, plan_id).catch(() => {
    throw problem("unknown_reference", {
      errors: [{ pointer: "/plan_id", code: "unknown", detail: "names no plan" }],
    });
  });
  return { member: found, plan, history, may_try: trials.length === 0 && !knows(plan, history) };
}
