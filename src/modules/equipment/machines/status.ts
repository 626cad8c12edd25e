/** A machine taken out of use, or brought back, as part of another step. */

import { eq } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { EventDraft } from "../../../platform/events.ts";
import type { Space } from "../../../platform/space.ts";
import type { EquipmentStatus } from "../model.ts";
import { sharedParts } from "../policy.ts";
import { pushPolicies, queuePolicyPush } from "../pushes.ts";
import { equipment } from "../tables.ts";
import type { MachineRow } from "./view.ts";

export interface StatusChange {
  /** Part of the batch; `conflict` when the machine is no longer as it was read. */
  writes: Write[];
  events: EventDraft[];
  /** Whether there is anything to change, and to push afterwards. */
  changes: boolean;
}

/** Whether a machine that is in use otherwise goes down, or one that is down comes back; offline ones stay as staff put them. */
const applies = (before: EquipmentStatus, after: EquipmentStatus): boolean =>
  before !== after && (after === "available" || before === "available");

/** The machine's new status, audited as its own change; holders of bookings are told by the event. */
export function statusChange(space: Space, machine: MachineRow, status: EquipmentStatus): StatusChange {
  const { id, status: before, version } = machine;
  if (!applies(before, status)) return { writes: [], events: [], changes: false };
  const set = {
    status,
    policy_version: machine.policy_version + 1,
    updated_at: space.now,
    version: version + 1,
  };
  const subject = { type: "equipment", id, version: version + 1 };
  return {
    changes: true,
    events: [{ type: "equipment.status_changed", subject, data: { equipment_id: id, before, status } }],
    writes: [
      write(
        space.db
          .update(equipment)
          .set(set)
          .where(space.store.in(equipment, eq(equipment.id, id), eq(equipment.version, version))),
        {
          expect: "conflict",
          entry: { action: "equipment.updated", subject, before: { status: before }, after: { status } },
        },
      ),
      queuePolicyPush(space, id),
    ],
  };
}

/** Brings the machine's object up to date; the minute's repair does what fails here. */
export const pushStatus = (space: Space, equipment_id: string): Promise<boolean> =>
  pushPolicies(space, sharedParts(space.settings), equipment_id);
