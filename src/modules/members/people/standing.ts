/** Who may still come in: suspended, let back in, removed. */

import type { z } from "@hono/zod-openapi";
import { among } from "../../../platform/db/columns.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { refuseBanned } from "../bans/guard.ts";
import { notBeingErased } from "../erasure/guard.ts";
import { currentStates, expiringRoles } from "../memberships/model.ts";
import { memberships } from "../memberships/tables.ts";
import type { MemberEffects } from "../port.ts";
import type { Member } from "./contract.ts";
import { type Move, moveMember, requiredMember } from "./moves.ts";
import type { MemberRow } from "./view.ts";

type View = z.output<typeof Member>;

/** Nobody acts on somebody who may do what they may not. @throws forbidden */
function refuseAbove(space: Space, row: MemberRow): void {
  if (!space.access.covers(row.role, row.duties)) throw problem("forbidden");
}

/** Nobody acts on themselves either. @throws forbidden */
function refuseReach(space: Space, row: MemberRow, detail: string): void {
  if (row.id === space.actor.id) throw problem("forbidden", { detail });
  refuseAbove(space, row);
}

/** What a suspension makes of a member. @throws forbidden for oneself, and for who may do what the caller may not */
export const suspending =
  (space: Space, reason: string) =>
  (before: MemberRow): Move => {
    refuseReach(space, before, "Nobody suspends themselves.");
    const cancel_bookings = space.settings.sections.access.cancel_bookings_on_suspension;
    return {
      step: "suspend",
      to: "suspended",
      action: "member.suspended",
      reason,
      set: { suspended_at: space.now, suspended_by: space.actor.id },
      events: [{ type: "member.suspended", data: { cancel_bookings } }],
    };
  };

/**
 * Suspends a member: it acts on their very next request and closes their sockets. A setting says what becomes of their future bookings.
 * @throws illegal_transition unless they are active or expired; last_administrator; forbidden for oneself.
 */
export async function suspendMember(space: Space, id: string, reason: string, effects: MemberEffects): Promise<View> {
  const { view } = await moveMember(space, id, suspending(space, reason));
  await effects.shutOut(space, id, space.settings.sections.access.cancel_bookings_on_suspension);
  return view;
}

/** Those who had a membership of a plan, and have none now. Staff never lapse. */
export async function lapsedAmong({ store }: Space, rows: readonly MemberRow[]): Promise<ReadonlySet<string>> {
  const ids = rows.filter(({ role }) => (expiringRoles as readonly string[]).includes(role)).map(({ id }) => id);
  const states = await store.db
    .selectDistinct({ member_id: memberships.member_id, status: memberships.status })
    .from(memberships)
    .where(store.in(memberships, among(memberships.member_id, ids)));
  const having = (some: readonly string[]) =>
    new Set(states.filter(({ status }) => some.includes(status)).map(({ member_id }) => member_id));
  const current = having(currentStates);
  return new Set([...having(["expired", "cancelled"])].filter((id) => !current.has(id)));
}

/** What coming back makes of a member: expired when their membership ended meanwhile. @throws forbidden */
export const reactivating =
  (space: Space, lapsed: ReadonlySet<string>) =>
  (before: MemberRow): Move => {
    refuseAbove(space, before);
    return {
      step: "reactivate",
      to: lapsed.has(before.id) ? "expired" : "active",
      action: "member.reactivated",
      set: { suspended_at: null, suspended_by: null, left_at: null, joined_at: before.joined_at || space.now },
      events: [{ type: "member.reactivated", data: {} }],
    };
  };

/**
 * Lets a suspended or removed member back in, as expired when their membership ended meanwhile; bookings that were cancelled stay cancelled.
 * @throws not_found, illegal_transition, forbidden, banned
 */
export async function reactivateMember(space: Space, id: string): Promise<View> {
  const known = await requiredMember(space, id);
  const move = reactivating(space, await lapsedAmong(space, [known]));
  const notBanned = await refuseBanned(space.store, known, space.now);
  const notErasing = notBeingErased(space.store, [id]);
  const { view } = await moveMember(space, id, (before) => ({ ...move(before), writes: [notBanned, notErasing] }));
  return view;
}

/** What a removal makes of a member. @throws forbidden for oneself, and for who may do what the caller may not */
export const removing =
  (space: Space) =>
  (before: MemberRow): Move => {
    refuseReach(space, before, "Nobody removes themselves.");
    return {
      step: "remove",
      to: "left",
      action: "member.removed",
      set: { left_at: space.now },
      events: [{ type: "member.removed", data: { cancel_bookings: true } }],
    };
  };

/**
 * Removes a member: they are a stranger from their next request on; what they did stays.
 * @throws illegal_transition when they left already; last_administrator; payer_of_group; forbidden for oneself.
 */
export async function removeMember(space: Space, id: string, effects: MemberEffects): Promise<void> {
  await moveMember(space, id, removing(space));
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

/** What a yes makes of somebody who waits. @throws forbidden */
export const approving =
  (space: Space) =>
  (before: MemberRow): Move => {
    refuseAbove(space, before);
    return {
      step: "approve",
      to: "active",
      action: "member.approved",
      set: { joined_at: before.joined_at || space.now },
      events: [{ type: "member.approved", data: {} }],
    };
  };

/** Lets somebody in who waits. @throws not_found, illegal_transition, forbidden */
export const approveMember = async (space: Space, id: string): Promise<View> =>
  (await moveMember(space, id, approving(space))).view;

/** What a no makes of somebody who waits. @throws forbidden */
export const declining =
  (space: Space, reason: string) =>
  (before: MemberRow): Move => {
    refuseAbove(space, before);
    return {
      step: "decline",
      to: "left",
      action: "member.declined",
      reason,
      set: { left_at: space.now },
      events: [{ type: "member.declined", data: {} }],
    };
  };

/** Says no to somebody who waits; they may ask again. @throws not_found, illegal_transition, payer_of_group, forbidden */
export const declineMember = async (space: Space, id: string, reason: string): Promise<View> =>
  (await moveMember(space, id, declining(space, reason))).view;
