/** How far the caller's authority reaches on a machine, and for whom they act. */

import type { Permission } from "../../platform/access/permissions.ts";
import { problem } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";
import { findMember } from "../members/index.ts";
import type { Standing } from "./commands.ts";
import type { HolderFacts } from "./port.ts";

interface Owned {
  id: string;
  owner_member_id: string | null;
}

const isOwner = (space: Space, machine: Owned): boolean =>
  machine.owner_member_id !== null &&
  machine.owner_member_id === space.actor.id &&
  space.scope("equipment.manage") === "own";

/**
 * "any" for staff and for the machine's owner, "own" for members.
 * @throws forbidden when the permission does not reach this machine.
 */
export function authority(space: Space, permission: Permission, machine: Owned): "own" | "any" {
  const scope = space.scope(permission, machine.id);
  if (scope === "any" || (scope === "own" && isOwner(space, machine))) return "any";
  // Decisions are never a member's own; everything else is about one's own bookings.
  if (scope === "none" || permission === "reservations.decide") throw problem("forbidden");
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
  const { membership } = space.actor;
  const id = member_id ?? membership?.id;
  if (id === undefined) {
    throw problem("invalid_body", { errors: [{ pointer: "/member_id", code: "required", detail: "say for whom" }] });
  }
  if (reach === "own" && id !== membership?.id)
    throw problem("forbidden", { detail: "Booking for others is staff work." });
  const reread = () => readHolder(space, id);
  if (membership && id === membership.id) {
    const { first_name, last_name, hide_name } = membership;
    return { authority: reach, holder: { member_id: id, first_name, last_name, hide_name }, reread };
  }
  return { authority: reach, holder: await reread(), reread };
}
