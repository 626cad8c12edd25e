/** The plan of an invite: joined right after the acceptance, and by its event should that fail. */

import { eq } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { describeError, log } from "../../../platform/log.ts";
import { Problem } from "../../../platform/problem.ts";
import type { EventHandler } from "../../../platform/queue.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { joinPlan } from "../memberships/join.ts";
import type { PaymentsPort } from "../port.ts";
import { invites } from "./tables.ts";

/** What joining takes. */
export interface PlanSources {
  settings: SettingsSource;
  payments: PaymentsPort;
}

/** An acceptance whose plan is to be joined. */
interface Acceptance {
  invite_id: string;
  member_id: string;
  plan_id: string | null;
  request_id: string;
  now: number;
}

/** Notes why the plan could not be joined, for staff to see on the invite. */
const noteProblem = (store: SpaceStore, invite_id: string, plan_problem: string) =>
  store.db
    .update(invites)
    .set({ plan_problem })
    .where(store.in(invites, eq(invites.id, invite_id)));

/**
 * Puts the member on the invite's plan; once they are on one, it changes nothing. A refusal that stays (the plan is full, or no longer on
 * offer) is noted on the invite: the person is a member all the same.
 */
export async function joinInvitedPlan(store: SpaceStore, accepted: Acceptance, sources: PlanSources): Promise<void> {
  const { invite_id, member_id, plan_id, request_id, now } = accepted;
  if (plan_id === null) return;
  const space = await loadSystemSpace(store, sources.settings, { actor_id: "invites", request_id, now });
  if (!space) return;
  try {
    await joinPlan(space, member_id, { plan_id }, sources.payments);
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    // A second run, or somebody who had a membership already.
    if (error.code === "membership_exists") return;
    await noteProblem(store, invite_id, error.code);
  }
}

/** The same, tried at once; what fails here is done by the event. */
export async function joinAtOnce(store: SpaceStore, accepted: Acceptance, sources: PlanSources): Promise<void> {
  await joinInvitedPlan(store, accepted, sources).catch((error: unknown) => {
    log.warn("plan_left_to_event", { request_id: accepted.request_id, error: describeError(error) });
  });
}

/** Repeats what accepting does at once. */
export const joinByEvent = (sources: PlanSources): EventHandler => ({
  name: "join_plan_of_invite",
  async handle({ subject, data, request_id }, { store, now }) {
    const { member_id, plan_id } = data as { member_id: string; plan_id: string | null };
    await joinInvitedPlan(store, { invite_id: subject.id, member_id, plan_id, request_id, now }, sources);
    return [];
  },
});
