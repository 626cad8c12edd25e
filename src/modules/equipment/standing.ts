/** How far the caller's authority reaches on a machine, and for whom they act. */

import type { Permission } from "../../platform/access/permissions.ts";
import { leads } from "../../platform/db/fan-out.ts";
import { type Problem, problem } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";
import { type Applicant, type CallerFacts, callerAsApplicant, readApplicant } from "./applicants.ts";
import type { Standing } from "./commands.ts";
import { machine as machineObject } from "./objects.ts";
import type { ReservationRecord } from "./port.ts";
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

const notForYou = (detail = "This is for the staff of this machine."): Problem =>
  problem("forbidden", { detail, reasons: [{ code: "not_yours", detail, fix: "Ask the staff." }] });

/**
 * "any" for staff and for the machine's owner, "own" for members.
 * @throws forbidden when the permission does not reach this machine.
 */
export function authorityOn(space: Space, permission: Permission, machine: Owned): "own" | "any" {
  if (reachesAll(space, permission, machine)) return "any";
  // Decisions are never a member's own; everything else is about one's own bookings.
  if (space.scope(permission, machine.id) === "none" || permission === "reservations.decide") throw notForYou();
  return "own";
}

/**
 * Who a booking or session is for: the caller, or with authority anybody.
 * @throws forbidden when a member names somebody else.
 */
export async function standingFor(
  space: Space,
  permission: Permission,
  machine: Owned,
  facts: CallerFacts,
  member_id?: string,
): Promise<Standing> {
  const authority = authorityOn(space, permission, machine);
  const id = member_id ?? space.actor.membership?.id;
  if (id === undefined) {
    throw problem("invalid_body", { errors: [{ pointer: "/member_id", code: "required", detail: "say for whom" }] });
  }
  if (authority === "own" && id !== space.actor.membership?.id) throw notForYou("Booking for others is staff work.");
  const reread = () => readApplicant(space, id, machine.id);
  return { authority, applicant: ofCaller(space, facts, id) ?? (await reread()), reread };
}

/** The caller's own facts, when they are the one in question. */
function ofCaller(space: Space, facts: CallerFacts, member_id: string): Applicant | null {
  const caller = callerAsApplicant(space, facts);
  return caller?.holder.member_id === member_id ? caller : null;
}

/** For whom a step on a reservation is taken, and the reservation when it was looked up for that. */
export interface StandingOn extends Standing {
  reservation: ReservationRecord | null;
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
  facts: CallerFacts,
  reservation_id: string,
): Promise<StandingOn> {
  const authority = authorityOn(space, permission, machine);
  const { membership } = space.actor;
  if (authority === "own" && membership) {
    const reread = () => readApplicant(space, membership.id, machine.id);
    return {
      authority,
      applicant: ofCaller(space, facts, membership.id) ?? (await reread()),
      reread,
      reservation: null,
    };
  }
  const reservation = await space.time("object", machineObject(space, machine.id).reservation(reservation_id));
  if (!reservation) throw problem("not_found");
  const { member_id } = reservation;
  const reread = () => readApplicant(space, member_id, machine.id);
  return { authority, applicant: ofCaller(space, facts, member_id) ?? (await reread()), reread, reservation };
}

/** For a step that does not ask about the person again: the caller's own facts go with their own steps, staff act for nobody. */
export async function standingOfCaller(
  space: Space,
  permission: Permission,
  machine: Owned,
  facts: CallerFacts,
): Promise<Standing> {
  const authority = authorityOn(space, permission, machine);
  const { membership } = space.actor;
  if (authority === "any" || !membership) return { authority, applicant: null };
  const reread = () => readApplicant(space, membership.id, machine.id);
  return { authority, applicant: ofCaller(space, facts, membership.id) ?? (await reread()), reread };
}
