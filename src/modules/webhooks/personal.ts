/** What this module's tables hold of people: ids in events, for a while. */

import { namesStaff, type PersonalTable, personal } from "../../platform/personal-data.ts";
import { eventFeed, webhookDeliveries, webhooks } from "./tables.ts";

export const webhookPersonalData: readonly PersonalTable[] = [
  personal(webhookDeliveries, {
    about: "Events about you on their way to other programs, and what those answered.",
    mentions: { body: ["member"] },
    exported: { withheld: "Bare ids and times, and answers that belong to others; kept for weeks." },
    erasure: { how: "delete" },
  }),
  personal(eventFeed, {
    about: "Events about you, by bare ids, for thirty days.",
    mentions: { body: ["member"] },
    exported: { withheld: "Bare ids and times, which the bookings and memberships say as well." },
    erasure: { how: "keep", keep: "passing" },
  }),
  namesStaff(webhooks, "created_by"),
];
