/** Which machines there are, for modules that refer to them. */

import { among } from "../../../platform/db/columns.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { Space } from "../../../platform/space.ts";
import { equipment } from "../tables.ts";
import type { MachineRow } from "./view.ts";

/** Those of the ids that name no machine of this makerspace; a retired one still counts. */
export async function unknownMachines(space: Space, ids: readonly string[]): Promise<string[]> {
  const rows = await space.db
    .select({ id: equipment.id })
    .from(equipment)
    .where(space.store.in(equipment, among(equipment.id, ids)));
  const known = new Set(rows.map((row) => row.id));
  return ids.filter((id) => !known.has(id));
}

/** What these machines are called, by id; retired ones included. */
export async function machineNames(store: SpaceStore, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await store.db
    .select({ id: equipment.id, name: equipment.name })
    .from(equipment)
    .where(store.in(equipment, among(equipment.id, ids)));
  return new Map(rows.map((row) => [row.id, row.name]));
}

/** The rows of these machines by id, retired ones included; those that are not here are missing. */
export async function machinesById(space: Space, ids: readonly string[]): Promise<Map<string, MachineRow>> {
  const rows = await space.db
    .select()
    .from(equipment)
    .where(space.store.in(equipment, among(equipment.id, ids)));
  return new Map(rows.map((row) => [row.id, row]));
}
