/** Who may still come in: suspended, let back in, removed. */

import type { z } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { refuseBanned } from "../bans/guard.ts";
import { currentStates, expiringRoles } from "../memberships/model.ts";
import { memberships } from "../memberships/tables.ts";
import type { MemberEffects } from "../port.ts";
import type { Member } from "./contract.ts";
import { moveMember, requiredMember } from "./moves.ts";
import type { MemberRow } from "./view.ts";

type View = z.output<typeof Member>;

/** Nobody acts on themselves, nor on somebody who may do what they may not. @throws forbidden */
function refuseReach(space: Space, row: MemberRow, detail: string): void {
  if (row.id === space.actor.id) throw problem("forbidden", { detail });
  if (!space.access.covers(row.role, row.duties)) throw problem("forbidden");
}

/**
 * Suspends a member: it acts on their very next request and closes their sockets. A setting says what becomes of their future bookings.
 * @throws illegal_transition unless they are active or expired; last_administrator; forbidden for oneself.
 */
export async function suspendMember(space: Space, id: string, reason: string, effects: MemberEffects): Promise<View> {
  const cancel_bookings = space.settings.sections.access.cancel_bookings_on_suspension;
  const { view } = await moveMember(space, id, (before) => {
    refuseReach(space, before, "Nobody suspends themselves.");
    return {
      step: "suspend",
      to: "suspended",
      action: "member.suspended",
      reason,
      set: { suspended_at: space.now, suspended_by: space.actor.id },
      events: [{ type: "member.suspended", data: { cancel_bookings } }],
    };
  });
  await effects.shutOut(space, id, cancel_bookings);
  return view;
}

/** True when the member had a membership of a plan, and has none now. Staff never lapse. */
async function hasLapsed({ store }: Space, { id, role }: MemberRow): Promise<boolean> {
  if (!(expiringRoles as readonly string[]).includes(role)) return false;
  const states = await store.db
    .selectDistinct({ status: memberships.status })
    .from(memberships)
    .where(store.in(memberships, eq(memberships.member_id, id)));
  const isCurrent = states.some(({ status }) => (currentStates as readonly string[]).includes(status));
  return !isCurrent && states.some(({ status }) => ["expired", "cancelled"].includes(status));
}

/**
 * Lets a suspended or removed member back in, as expired when their membership ended meanwhile; bookings that were cancelled stay cancelled.
 * @throws not_found, illegal_transition, forbidden, banned
 */
export async function reactivateMember(space: Space, id: string): Promise<View> {
  const known = await requiredMember(space, id);
  const isLapsed = await hasLapsed(space, known);
  const notBanned = await refuseBanned(space.store, known, space.now);
  const { view } = await moveMember(space, id, (before) => {
    if (!space.access.covers(before.role, before.duties)) throw problem("forbidden");
    return {
      step: "reactivate",
      to: isLapsed ? "expired" : "active",
      action: "member.reactivated",
      set: { suspended_at: null, suspended_by: null, left_at: null, joined_at: before.joined_at || space.now },
      events: [{ type: "member.reactivated", data: {} }],
      writes: [notBanned],
    };
  });
  return view;
}

/**
 * Removes a member: they are a stranger from their next request on; what they did stays.
 * @throws illegal_transition when they left already; last_administrator; payer_of_group; forbidden for oneself.
 */
export async function removeMember(space: Space, id: string, effects: MemberEffects): Promise<void> {
  await moveMember(space, id, (before) => {
    refuseReach(space, before, "Nobody removes themselves.");
    return {
      step: "remove",
      to: "left",
      action: "member.removed",
      set: { left_at: space.now },
      events: [{ type: "member.removed", data: { cancel_bookings: true } }],
    };
  });
  await effects.shutOut(space, id, true);
}

/** One leaves of one's own accord; staff may take one back. @throws forbidden without a membership; last_administrator; payer_of_group */
export async function leave(space: Space, effects: MemberEffects): Promise<void> {
  const { id } = space.member;
  await moveMember(space, id, () => ({
    step: "remove",
    to: "left",
    action: "member.left",
    set: { left_at: space.now },
    events: [{ type: "member.removed", data: { cancel_bookings: true } }],
  }));
  await effects.shutOut(space, id, true);
}

/** Lets somebody in who waits. @throws not_found, illegal_transition, forbidden */
export async function approveMember(space: Space, id: string): Promise<View> {
  const { view } = await moveMember(space, id, (before) => {
    if (!space.access.covers(before.role, before.duties)) throw problem("forbidden");
    return {
      step: "approve",
      to: "active",
      action: "member.approved",
      set: { joined_at: before.joined_at || space.now },
      events: [{ type: "member.approved", data: {} }],
    };
  });
  return view;
}

/** Says no to somebody who waits; they may ask again. @throws not_found, illegal_transition, forbidden */
export async function declineMember(space: Space, id: string, reason: string): Promise<View> {
  const { view } = await moveMember(space, id, (before) => {
    if (!space.access.covers(before.role, before.duties)) throw problem("forbidden");
    return {
      step: "decline",
      to: "left",
      action: "member.declined",
      reason,
      set: { left_at: space.now },
      events: [{ type: "member.declined", data: {} }],
    };
  });
  return view;
}
