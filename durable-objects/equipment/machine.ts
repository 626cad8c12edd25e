/** The settings of one machine: the newest policy parts, merged. */

import { type BookingPolicy, defaultPolicy } from "../../src/modules/equipment/model.ts";
import type { PolicyParts, PolicyVersions } from "../../src/modules/equipment/port.ts";
import type { WeeklyWindows } from "../../src/platform/settings/hours.ts";
import { Zone } from "../../src/platform/zone.ts";

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

  /** Opening hours; null is always open. */
  get hours(): WeeklyWindows | null {
    return this.parts.hours?.windows ?? null;
  }

  get status(): PolicyParts["equipment"]["status"] {
    return this.parts.equipment?.status ?? "available";
  }

  /** Being down now refuses what would start today, nothing on a later day. */
  isDownFor(starts_at: number, now: number): boolean {
    return this.status !== "available" && this.zone.day(starts_at) === this.zone.day(now);
  }
}
