/** What a machine's object keeps of the settings around it. */

import type { Exception, WeeklyWindows } from "../../../platform/settings/hours.ts";
import type { BookingPolicy, EquipmentCategory, EquipmentStatus, HolderDisplay } from "../model.ts";

/** What the object keeps of the makerspace's and the machine's settings. The newest version of each part wins. */
export interface PolicyParts {
  makerspace: { version: number; timezone: string; show_holder: HolderDisplay; policy: BookingPolicy };
  equipment: {
    version: number;
    code: string;
    name: string;
    category: EquipmentCategory;
    location: string | null;
    status: EquipmentStatus;
    policy: Partial<BookingPolicy>;
    /** Its own hours, inside of the makerspace's; null is whenever that is open. */
    opening_hours?: WeeklyWindows | null;
    closures?: readonly Exception[];
  };
  /** Opening hours on the wall clock of the makerspace; null is always open. */
  hours: { version: number; windows: WeeklyWindows | null; closures?: readonly Exception[] };
}

/** The version of each part; 0 for one that never came. */
export type PolicyVersions = { [Part in keyof PolicyParts]: number };
