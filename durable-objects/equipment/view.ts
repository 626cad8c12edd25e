/** What each audience may see of a machine. Pure: names and ids go only where this file lets them. */

import type { Audience, LiveSlot, MachineState, MachineStatus } from "../../src/modules/equipment/live.ts";
import type { Interval, ReservationStatus } from "../../src/modules/equipment/model.ts";
import type { HolderFacts, SessionRecord } from "../../src/modules/equipment/port.ts";
import { toIso } from "../../src/platform/time.ts";
import type { Machine } from "./machine.ts";

/** A stretch that somebody has, with all that anybody may know about it. */
export interface Slot extends Interval {
  kind: LiveSlot["kind"];
  status: ReservationStatus;
  reservation_id: string | null;
  member_id: string;
  /** Null when the person was forgotten. */
  holder: HolderFacts | null;
}

/** A machine at one instant. */
export interface Scene {
  machine: Machine;
  seq: number;
  isRetired: boolean;
  session: SessionRecord | null;
  /** Who has it now: the open session, or the booking that covers this instant. */
  now: Slot | null;
  next: Slot | null;
  upcoming: Slot[];
  /** Until when it is out of service; null when it is not. */
  out_until: number | null;
  /** When time alone changes this. */
  changes_at: number;
}

/** The machine as one audience sees it; `viewer` is the member behind a socket, if any. Null before the machine was configured. */
export function machineState(scene: Scene, audience: Audience, viewer: string | null): MachineState | null {
  const { makerspace, equipment } = scene.machine.parts;
  if (!makerspace || !equipment) return null;
  const see = (slot: Slot): LiveSlot => slotState(slot, scene.machine, audience, viewer);
  return {
    equipment_id: scene.machine.equipment_id,
    seq: scene.seq,
    code: equipment.code,
    name: equipment.name,
    category: equipment.category,
    location: equipment.location,
    timezone: makerspace.timezone,
    status: machineStatus(scene),
    out_until: scene.out_until === null ? null : toIso(scene.out_until),
    now: scene.now && see(scene.now),
    next: scene.next && see(scene.next),
    upcoming: scene.upcoming.map(see),
  };
}

function machineStatus({ machine, isRetired, session, now, out_until }: Scene): MachineStatus {
  if (isRetired) return "retired";
  if (machine.status !== "available") return machine.status;
  if (out_until !== null && !session) return "out_of_service";
  if (session) return session.overrun_at === null ? "in_use" : "overrun";
  return now ? "reserved" : "available";
}

function slotState(slot: Slot, machine: Machine, audience: Audience, viewer: string | null): LiveSlot {
  const mine = viewer !== null && viewer === slot.member_id;
  const shown: LiveSlot = {
    kind: slot.kind,
    starts_at: toIso(slot.starts_at),
    ends_at: toIso(slot.ends_at),
    status: slot.status,
    holder: slot.holder && holderName(slot.holder, machine, audience),
    mine,
  };
  if (audience !== "staff" && !mine) return shown;
  return {
    ...shown,
    ...(slot.reservation_id !== null && { reservation_id: slot.reservation_id }),
    member_id: slot.member_id,
  };
}

/** Staff see the full name, tablets what the makerspace shows and the member allows, members nobody's. */
function holderName(
  { first_name, last_name, hide_name }: HolderFacts,
  { parts }: Machine,
  audience: Audience,
): string | null {
  if (audience === "staff") return `${first_name} ${last_name}`.trim();
  const show = parts.makerspace?.show_holder ?? "none";
  if (audience === "member" || hide_name || show === "none") return null;
  return show === "first_name" ? first_name : initials(first_name, last_name);
}

/** "A. L.", by letters as people count them. */
const initials = (...names: string[]): string =>
  names
    .flatMap((name) => [...name.trim()].slice(0, 1))
    .map((letter) => `${letter}.`)
    .join(" ");
