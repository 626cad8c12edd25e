/** The commands that the bench sends to a machine's object, as the worker would. */

import type { BookingPolicy } from "../../src/modules/equipment/model.ts";
import { defaultPolicy, openGates } from "../../src/modules/equipment/model.ts";
import type { CommandCall, PolicyParts } from "../../src/modules/equipment/port.ts";
import { newId } from "../../src/platform/ids.ts";
import { DAY } from "../../src/platform/time.ts";
import { HORIZON_DAYS, SLOT_MINUTES, slot } from "../load/slots.ts";

const MEMBERS = 32;
const FACTS_GOOD_FOR = 10_000;

const policy: BookingPolicy = {
  ...defaultPolicy,
  min_minutes: SLOT_MINUTES,
  granularity_minutes: SLOT_MINUTES,
  horizon_days: HORIZON_DAYS,
};

/** The settings of a machine that may be booked by the five minutes, two years ahead. */
export const parts: PolicyParts = {
  makerspace: { version: 1, timezone: "Europe/Berlin", show_holder: "initials", policy },
  equipment: {
    version: 1,
    code: "LC-1",
    name: "Laser cutter",
    category: "laser_cutter",
    location: "Room 2",
    status: "available",
    policy: {},
  },
  hours: { version: 1, windows: null },
};

/** A member books the n-th slot (see slots.ts) with an Idempotency-Key. */
export function reserveCall(index: number, today: number, now: number): CommandCall {
  const member = index % MEMBERS;
  const member_id = `019a9d2e-7c11-7b3a-9a53-${String(member).padStart(12, "0")}`;
  return {
    command: {
      type: "reserve",
      reservation_id: newId(),
      ...slot(index, today),
      purpose: "Panels for the sign",
      project_id: null,
      metadata: "{}",
      external_id: null,
      hold_id: null,
    },
    actor: { kind: "member", id: member_id, authority: "own" },
    facts: {
      decide_before: now + FACTS_GOOD_FOR,
      policy_versions: { makerspace: 1, equipment: 1, hours: 1 },
      gates: openGates,
      holder: { member_id, first_name: "Ada", last_name: `Member ${member}`, hide_name: false },
    },
    key: {
      key: crypto.randomUUID(),
      scope: `user:person-${member}:create_reservation`,
      fingerprint: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      ttl_ms: DAY,
    },
    request_id: newId(),
  };
}
