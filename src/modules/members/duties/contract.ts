import { z } from "@hono/zod-openapi";
import { duties, memberRoles } from "../../../platform/access/permissions.ts";
import { Id, InstantInput } from "../../../platform/contract.ts";

/** Machines that a duty is limited to; null for all. */
export const dutyMachines = z.array(Id).min(1).max(200).nullable();

/** How far a duty reaches and for how long. */
export const dutyReach = {
  equipment_ids: dutyMachines.default(null).openapi({ description: "Only for these machines; null for all." }),
  ends_at: InstantInput.nullable().default(null),
};

export const DutyReach = z.strictObject(dutyReach).openapi("DutyReach");
export const RoleInput = z.strictObject({ role: z.enum(memberRoles) }).openapi("RoleInput");

/** A duty named in a path. */
export const isDuty = (name: string): name is (typeof duties)[number] => (duties as readonly string[]).includes(name);
