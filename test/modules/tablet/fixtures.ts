/** Machine states for the tablet's tests. Times are epoch milliseconds; `NOW` is 14:00 in Berlin. */

import type { LiveSlot, MachineState } from "../../../src/modules/equipment/live.ts";

export const NOW = Date.parse("2026-11-22T13:00:00Z");
export const MINUTE = 60_000;

const iso = (at: number): string => new Date(at).toISOString();

/** A slot from `from` to `to`, in minutes from NOW. */
export const slot = (from: number, to: number, rest: Partial<LiveSlot> = {}): LiveSlot => ({
  kind: "reservation",
  starts_at: iso(NOW + from * MINUTE),
  ends_at: iso(NOW + to * MINUTE),
  status: "approved",
  holder: "Meera",
  mine: false,
  ...rest,
});

export const machine = (rest: Partial<MachineState> = {}): MachineState => ({
  equipment_id: "machine-1",
  seq: 1,
  code: "LC-01",
  name: "Laser cutter",
  category: "laser_cutter",
  location: "Hall 2",
  timezone: "Europe/Berlin",
  status: "available",
  out_until: null,
  now: null,
  next: null,
  upcoming: [],
  ...rest,
});
