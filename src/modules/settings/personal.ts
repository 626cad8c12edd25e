/** What this module's tables hold of people: who changed what. */

import { namesStaff, type PersonalTable } from "../../platform/personal-data.ts";
import { settingsHistory } from "./tables.ts";

export const settingsPersonalData: readonly PersonalTable[] = [namesStaff(settingsHistory, "actor_id")];
