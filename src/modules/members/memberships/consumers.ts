/** What memberships do when something else has happened. */

import { inArray } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import { log } from "../../../platform/log.ts";
import { Problem, type ProblemCode } from "../../../platform/problem.ts";
import type { Consumers, EventHandler } from "../../../platform/queue.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import type { PaymentsPort } from "../port.ts";
import { dueConsumers } from "./due.ts";
import { joinPlan } from "./join.ts";
import { endAt } from "./steps.ts";
import { memberships } from "./tables.ts";
import { loadMembership } from "./writes.ts";

/** Who was removed is on no plan: what runs ends, what waits is taken back. */
const endWithMember = (source: SettingsSource, payments: PaymentsPort): EventHandler => ({
  name: "end_memberships",
  async handle({ subject, request_id }, { store, now }) {
    const space = await loadSystemSpace(store, source, { actor_id: "memberships", request_id, now });
    if (!space) return [];
    const open = await store.db
      .select({ id: memberships.id })
      .from(memberships)
      .where(
        store.in(
          memberships,
          leads(memberships.member_id, subject.id),
          inArray(memberships.status, ["pending", "active", "paused"]),
        ),
      );
    for (const { id } of open) {
      const loaded = await loadMembership(space, id);
      // Back before the message came: nothing ends.
      if (loaded.member.status !== "left") continue;
      await endAt(space, payments, loaded, now, { reason: "The member left.", refund: false, waive_fee: true });
    }
    return [];
  },
});

/** Why an invited member is not on the plan of their invite; staff see them without one. */
const inTheWay: readonly ProblemCode[] = [
  "membership_exists",
  "plan_full",
  "plan_unavailable",
  "unknown_reference",
  "illegal_transition",
  "not_found",
];

/** Who accepts an invite joins its plan, in the name of the staff who invited them. */
const joinByInvite = (source: SettingsSource, payments: PaymentsPort): EventHandler => ({
  name: "join_by_invite",
  async handle({ data, request_id, subject }, { store, now }) {
    const { member_id, plan_id } = data;
    if (typeof plan_id !== "string" || typeof member_id !== "string") return [];
    const space = await loadSystemSpace(store, source, { actor_id: "invites", request_id, now });
    if (!space) return [];
    try {
      await joinPlan(space, member_id, { plan_id }, payments);
    } catch (error) {
      if (!(error instanceof Problem) || !inTheWay.includes(error.code)) throw error;
      log.warn("invite_without_plan", { makerspace_id: space.id, invite_id: subject.id, code: error.code });
    }
    return [];
  },
});

/** Handlers of the module for memberships; people are told by the notifications module. */
export const membershipConsumers = (
  source: SettingsSource,
  payments: PaymentsPort,
): Consumers<"member.removed" | "invite.accepted" | "memberships.due"> => ({
  "member.removed": [endWithMember(source, payments)],
  "invite.accepted": [joinByInvite(source, payments)],
  ...dueConsumers(source, payments),
});
