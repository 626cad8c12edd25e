/** What all tables hold of people. A table that is not here, or in the short list of the test beside it, fails the test. */

import { accessPersonalData } from "./modules/access/index.ts";
import { equipmentPersonalData } from "./modules/equipment/index.ts";
import { filePersonalData } from "./modules/files/index.ts";
import { memberPersonalData } from "./modules/members/index.ts";
import { notificationPersonalData } from "./modules/notifications/index.ts";
import { settingsPersonalData } from "./modules/settings/index.ts";
import { skillPersonalData } from "./modules/skills/index.ts";
import { webhookPersonalData } from "./modules/webhooks/index.ts";
import type { PersonalTable } from "./platform/personal-data.ts";
import { platformPersonalData } from "./platform/personal-tables.ts";

/** In the order in which an erasure goes through them: rows that refer to others come before them. */
export const personalData: readonly PersonalTable[] = [
  ...notificationPersonalData,
  ...webhookPersonalData,
  ...accessPersonalData,
  ...skillPersonalData,
  ...equipmentPersonalData,
  ...filePersonalData,
  ...settingsPersonalData,
  ...platformPersonalData,
  ...memberPersonalData,
];
