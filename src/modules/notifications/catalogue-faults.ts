/** The kinds of notification of machines that are broken or unsafe. Pure. */

import type { NotificationType } from "./kinds.ts";

export const faultTypes = {
  "fault_report.created": {
    category: "machine",
    tells: "who maintains the machine, and administrators",
    title: "Somebody reports a fault of a machine",
    mailed: true,
  },
  "fault_report.unsafe": {
    category: "safety",
    tells: "who maintains the machine, safety and administrators",
    title: "Somebody reports that a machine is unsafe",
    mailed: true,
    urgent: true,
    required: true,
  },
  "fault_report.acknowledged": {
    category: "machine",
    tells: "who reported it",
    title: "Your fault report was seen",
    mailed: false,
  },
  "fault_report.resolved": {
    category: "machine",
    tells: "who reported it",
    title: "The fault that you reported is mended",
    mailed: true,
  },
  "fault_report.dismissed": {
    category: "machine",
    tells: "who reported it",
    title: "Your fault report was closed",
    mailed: true,
  },
} as const satisfies Record<string, NotificationType>;
