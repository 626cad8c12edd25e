/** What the tablet knows of its machines, and how a message changes it. Pure. */

import type { MachineState } from "../../../src/modules/equipment/live.ts";
import { reckonOffset } from "./clock.ts";
import type { ServerMessage } from "./connection.ts";
import type { Memory } from "./storage.ts";

export type View = Memory;

const replace = (known: MachineState[], fresh: MachineState[]): MachineState[] => {
  const byId = new Map(known.map((machine) => [machine.equipment_id, machine]));
  for (const machine of fresh) {
    const old = byId.get(machine.equipment_id);
    if (!old || old.seq <= machine.seq) byId.set(machine.equipment_id, machine);
  }
  return [...byId.values()];
};

const machinesAfter = (known: MachineState[], message: ServerMessage): MachineState[] => {
  if (message.type === "snapshot") return "machines" in message ? message.machines : [message.state];
  if (message.type === "event") return message.state ? replace(known, [message.state]) : known;
  return replace(known, message.machines).filter((machine) => !message.removed.includes(machine.equipment_id));
};

/** The view after a message that arrived at `now` (the device's clock). A snapshot replaces everything, it wins over any number. */
export const applyMessage = (view: View | null, message: ServerMessage, now: number): View => ({
  machines: machinesAfter(view?.machines ?? [], message),
  heard_at: now,
  offset_ms: reckonOffset(view?.offset_ms ?? null, message.server_time, now),
});

/** The tablet's machines in the order in which it was set up; machines that are not on it are left out. */
export const inOrder = (machines: MachineState[], equipmentIds: readonly string[]): MachineState[] =>
  equipmentIds.flatMap((id) => machines.filter((machine) => machine.equipment_id === id));
