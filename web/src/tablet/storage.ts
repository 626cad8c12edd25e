/** What the tablet remembers across a restart: whom it is paired as, and what it last knew. Never throws: without storage it just forgets. */

import type { MachineState } from "../../../src/modules/equipment/live.ts";

/** The part of the browser's Storage that is used; null where the browser gives none. */
export interface Store {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** A paired tablet. `token` is its only secret. */
export interface Pairing {
  token: string;
  tablet_id: string;
  label: string;
  makerspace_id: string;
  /** One machine, or up to twelve for a board, in the order in which they are shown. */
  equipment_ids: string[];
}

/** What was last known, and when it was last confirmed. */
export interface Memory {
  machines: MachineState[];
  /** The device's clock (epoch ms) at the last word from the server. */
  heard_at: number;
  /** The server's clock minus the device's, in ms. */
  offset_ms: number;
}

const PAIRING = "makrcave.tablet.pairing";
const MEMORY = "makrcave.tablet.memory";

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isPairing = (value: unknown): value is Pairing =>
  isRecord(value) &&
  ["token", "tablet_id", "label", "makerspace_id"].every((key) => typeof value[key] === "string") &&
  Array.isArray(value.equipment_ids) &&
  value.equipment_ids.length > 0;

const isMemory = (value: unknown): value is Memory & { tablet_id: string } =>
  isRecord(value) &&
  Array.isArray(value.machines) &&
  typeof value.heard_at === "number" &&
  typeof value.offset_ms === "number";

const read = (store: Store | null, key: string): unknown => {
  try {
    return JSON.parse(store?.getItem(key) ?? "null");
  } catch {
    return null;
  }
};

const write = (store: Store | null, key: string, value: unknown): void => {
  try {
    if (value === null) store?.removeItem(key);
    else store?.setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden storage costs only the memory of a restart.
  }
};

/** The pairing of this device, or null. */
export const loadPairing = (store: Store | null): Pairing | null => {
  const value = read(store, PAIRING);
  return isPairing(value) ? value : null;
};

/** Keeps a pairing; the memory of another one is erased. */
export const savePairing = (store: Store | null, pairing: Pairing): void => {
  write(store, MEMORY, null);
  write(store, PAIRING, pairing);
};

/** What this tablet last knew, or null; a memory from another pairing is not shown. */
export const loadMemory = (store: Store | null, tabletId: string): Memory | null => {
  const value = read(store, MEMORY);
  return isMemory(value) && value.tablet_id === tabletId ? value : null;
};

/** Remembers what is known; with null it forgets, names included. */
export const saveMemory = (store: Store | null, tabletId: string, memory: Memory | null): void =>
  write(store, MEMORY, memory && { ...memory, tablet_id: tabletId });
