/** Machines in every state, as the server would tell them. */

import type { LiveSlot, MachineState } from "../../../src/modules/equipment/live.ts";

/** 14:05:20 in Berlin. */
export const NOW = Date.parse("2026-11-22T13:05:20Z");
export const space = "0193a000-0000-7000-8000-000000000001";

const slot = (from: number, to: number, holder: string | null, rest: Partial<LiveSlot> = {}): LiveSlot => {
  const at = (minutes: number) => new Date(Math.floor(NOW / 3_600_000) * 3_600_000 + minutes * 60_000).toISOString();
  return {
    kind: "reservation",
    starts_at: at(from),
    ends_at: at(to),
    status: "approved",
    holder,
    mine: false,
    ...rest,
  };
};

const session = (from: number, to: number, holder: string | null): LiveSlot =>
  slot(from, to, holder, { kind: "session", status: "active" });

export const machine = (id: number, rest: Partial<MachineState>): MachineState => ({
  equipment_id: `machine-${id}`,
  seq: 1,
  code: `LC-0${id}`,
  name: "Laser cutter Epilog Fusion",
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

const ahead = [
  slot(90, 150, "Meera"),
  slot(150, 210, "Jonas", { status: "pending" }),
  slot(300, 330, null),
  slot(390, 450, "Aisha"),
  slot(1140, 1200, "Tom"),
];

/** One machine in every state it can be in. */
export const states: Record<string, Partial<MachineState>> = {
  free: { next: ahead[0] ?? null, upcoming: ahead },
  "free-all-day": {},
  "free-soon-taken": { next: slot(9, 60, "Meera"), upcoming: [slot(9, 60, "Meera"), ...ahead] },
  reserved: { status: "reserved", now: slot(0, 60, "Meera"), upcoming: ahead },
  "in-use": { status: "in_use", now: session(-30, 90, "Jonas"), upcoming: ahead.slice(0, 2) },
  "in-use-nobody-named": { status: "in_use", now: session(-60, 6, null), upcoming: ahead },
  "time-is-up": { status: "in_use", now: session(-60, 5, "Meera"), upcoming: ahead },
  overrun: { status: "overrun", now: session(-60, -7, "Meera"), upcoming: ahead },
  maintenance: { status: "under_maintenance", upcoming: ahead.slice(0, 1) },
  "out-of-service": { status: "offline", name: "Five-axis milling machine Datron neo with rotary table" },
};

/** Twelve machines, as different as can be. */
export const board: MachineState[] = [
  machine(1, { name: "Laser cutter Epilog", ...states["in-use"] }),
  machine(2, { name: "Prusa XL", ...states.free }),
  machine(3, { name: "Prusa MK4 left", ...states["free-all-day"] }),
  machine(4, { name: "Prusa MK4 right", ...states.overrun }),
  machine(5, { name: "CNC router", ...states.maintenance }),
  machine(6, { name: "Soldering station 1", ...states.reserved }),
  machine(7, { name: "Soldering station 2", ...states["free-soon-taken"] }),
  machine(8, { name: "Five-axis milling machine Datron neo with rotary table", ...states["in-use-nobody-named"] }),
  machine(9, { name: "Vinyl cutter", ...states["free-all-day"] }),
  machine(10, { name: "Oscilloscope", ...states["time-is-up"] }),
  machine(11, { name: "Band saw", status: "offline" }),
  machine(12, { name: "Sewing machine", ...states.free }),
];
