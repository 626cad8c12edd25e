/** The settings of one machine: the newest policy parts, merged. */

import { type BookingPolicy, defaultPolicy } from "../../src/modules/equipment/model.ts";
import type { PolicyParts, PolicyVersions } from "../../src/modules/equipment/port.ts";
import { type Exception, type Hours, type WeeklyWindows, withExceptions } from "../../src/platform/settings/hours.ts";
import { Zone } from "../../src/platform/zone.ts";

/** When somebody has the doors open. */
export interface Opening {
  /** Of the reason for a refusal. */
  code: "closed" | "machine_closed";
  hours: Hours;
  closures: readonly Exception[];
}

export class Machine {
  readonly policy: BookingPolicy;
  readonly zone: Zone;

  /** @throws RangeError for a zone this runtime does not know. */
  constructor(
    readonly makerspace_id: string,
    readonly equipment_id: string,
    readonly parts: Partial<PolicyParts>,
  ) {
    this.policy = { ...defaultPolicy, ...parts.makerspace?.policy, ...parts.equipment?.policy };
    this.zone = new Zone(parts.makerspace?.timezone ?? "UTC");
    const { hours, equipment } = parts;
    const opening = (
      code: Opening["code"],
      windows: WeeklyWindows | null,
      closures: readonly Exception[],
    ): Opening => ({
      code,
      hours: withExceptions(windows, closures),
      closures,
    });
    this.openings = [
      opening("closed", hours?.windows ?? null, hours?.closures ?? []),
      opening("machine_closed", equipment?.opening_hours ?? null, equipment?.closures ?? []),
    ];
  }

  /** The version of each part, 0 for one that never came. */
  get versions(): PolicyVersions {
    const { makerspace, equipment, hours } = this.parts;
    return {
      makerspace: makerspace?.version ?? 0,
      equipment: equipment?.version ?? 0,
      hours: hours?.version ?? 0,
    };
  }

  /** What the makerspace and the machine itself say of when it is open, each with its code. */
  readonly openings: readonly Opening[];

  get status(): PolicyParts["equipment"]["status"] {
    return this.parts.equipment?.status ?? "available";
  }

  /** Being down now refuses what would start today, nothing on a later day. */
  isDownFor(starts_at: number, now: number): boolean {
    return this.status !== "available" && this.zone.day(starts_at) === this.zone.day(now);
  }
}
