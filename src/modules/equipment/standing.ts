/** How far the caller's authority reaches on a machine, and for whom they act. */

import type { Permission } from "../../platform/access/permissions.ts";
import { leads } from "../../platform/db/fan-out.ts";
import { problem } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";
import { findMember } from "../members/index.ts";
import type { Standing } from "./commands.ts";
import { machine } from "./objects.ts";
import type { HolderFacts } from "./port.ts";
import { equipment } from "./tables.ts";

/** As much of a machine as says whose it is. */
export interface Owned {
  id: string;
  owner_member_id: string | null;
}

/** Owning a machine lifts "own" to "any" on it, for those who may manage machines at all; a duty beside it takes nothing away. */
const isOwner = (space: Space, machine: Owned): boolean =>
  machine.owner_member_id !== null &&
  machine.owner_member_id === space.actor.id &&
  space.scope("equipment.manage", machine.id) !== "none";

/** True when a permission reaches everything on this machine: for staff, a duty for it, or its owner. */
export const reachesAll = (space: Space, permission: Permission, machine: Owned): boolean => {
  const scope = space.scope(permission, machine.id);
  return scope === "any" || (scope === "own" && isOwner(space, machine));
};

/** True when the caller may manage this machine. */
export const mayManage = (space: Space, machine: Owned): boolean => reachesAll(space, "equipment.manage", machine);

/** The same question for the rows of a list: on which machines does a permission reach everything? One read, for owners alone. */
export async function reachIn(space: Space, permission: Permission): Promise<(equipment_id: string) => boolean> {
  const mayOwn = space.scope(permission) === "own" && space.scope("equipment.manage") !== "none";
  const rows = mayOwn
    ? await space.db
        .select({ id: equipment.id })
        .from(equipment)
        .where(space.store.in(equipment, leads(equipment.owner_member_id, space.actor.id)))
    : [];
  const owned = new Set(rows.map((row) => row.id));
  return (id) => space.scope(permission, id) === "any" || owned.has(id);
}

/**
 * "any" for staff and for the machine's owner, "own" for members.
 * @throws forbidden when the permission does not reach this machine.
 */
export function authority(space: Space, permission: Permission, machine: Owned): "own" | "any" {
  if (reachesAll(space, permission, machine)) return "any";
  // Decisions are never a member's own; everything else is about one's own bookings.
  if (space.scope(permission, machine.id) === "none" || permission === "reservations.decide")
    throw problem("forbidden");
  return "own";
}

/** A member as the object needs them. @throws unknown_reference, booking_refused when they are not active */
async function readHolder(space: Space, member_id: string): Promise<HolderFacts> {
  const member = await findMember(space.store, member_id);
  if (!member)
    throw problem("unknown_reference", {
      errors: [{ pointer: "/member_id", code: "unknown", detail: "names no member" }],
    });
  if (member.status !== "active") {
    if (member.status === "expired") {
      const fix = "Renew the membership.";
      throw problem("booking_refused", {
        reasons: [{ code: "membership_expired", detail: "The membership has expired.", fix }],
      });
    }
    if (member_id === space.actor.id) throw problem("membership_suspended");
    throw problem("booking_refused", {
      reasons: [
        { code: "member_not_active", detail: `The membership is ${member.status}.`, fix: "Reactivate the membership." },
      ],
    });
  }
  return { member_id, first_name: member.first_name, last_name: member.last_name, hide_name: member.hide_name };
}

/**
 * Who a booking or session is for: the caller, or with authority anybody.
 * @throws forbidden when a member names somebody else.
 */
export async function standingFor(
  space: Space,
  permission: Permission,
  machine: Owned,
  member_id?: string,
): Promise<Standing> {
  const reach = authority(space, permission, machine);
  const caller = callerAsHolder(space);
  const id = member_id ?? space.actor.membership?.id;
  if (id === undefined) {
    throw problem("invalid_body", { errors: [{ pointer: "/member_id", code: "required", detail: "say for whom" }] });
  }
  if (reach === "own" && id !== space.actor.membership?.id)
    throw problem("forbidden", { detail: "Booking for others is staff work." });
  const reread = () => readHolder(space, id);
  return { authority: reach, holder: caller?.member_id === id ? caller : await reread(), reread };
}

/** The caller as the object needs them; null for anybody without an active membership. */
function callerAsHolder(space: Space): HolderFacts | null {
  const { membership } = space.actor;
  if (membership?.status !== "active") return null;
  const { id: member_id, first_name, last_name, hide_name } = membership;
  return { member_id, first_name, last_name, hide_name };
}

/** Whose reservation it is, as its machine knows. @throws not_found */
async function holderOf(space: Space, equipment_id: string, reservation_id: string): Promise<string> {
  const reservation = await space.time("object", machine(space, equipment_id).reservation(reservation_id));
  if (!reservation) throw problem("not_found");
  return reservation.member_id;
}

/**
 * For whom a step on a reservation is taken, when that person must still be a member in good standing: the caller for their own, otherwise
 * whoever holds it. A reservation never changes hands, so what the machine said of it cannot grow old; what D1 said of the person can.
 * @throws not_found, forbidden; booking_refused when the holder is not active any more
 */
export async function standingOn(
  space: Space,
  permission: Permission,
  machine: Owned,
  reservation_id: string,
): Promise<Standing> {
  const reach = authority(space, permission, machine);
  const caller = callerAsHolder(space);
  if (reach === "own" && caller) {
    return { authority: reach, holder: caller, reread: () => readHolder(space, caller.member_id) };
  }
  const member_id = await holderOf(space, machine.id, reservation_id);
  const reread = () => readHolder(space, member_id);
  return { authority: reach, holder: await reread(), reread };
}

/** For a step that does not ask about the person again: the caller's own facts go with their own steps, staff act for nobody. */
export function standingOfCaller(space: Space, permission: Permission, machine: Owned): Standing {
  const reach = authority(space, permission, machine);
  const holder = reach === "own" ? callerAsHolder(space) : null;
  if (!holder) return { authority: reach, holder: null };
  return { authority: reach, holder, reread: () => readHolder(space, holder.member_id) };
}
