/** Skills: what people have learnt, who says so, and what machines ask for. */

import { certificationRoutes } from "./certifications/routes.ts";
import type { SkillEffects } from "./port.ts";
import { skillRequestRoutes } from "./requests/routes.ts";
import { requirementRoutes } from "./requirements/routes.ts";
import { skillDefinitionRoutes } from "./skills/routes.ts";

/** Every route of the module. */
export const skillRoutes = (effects: SkillEffects) => [
  ...skillDefinitionRoutes,
  ...certificationRoutes(effects),
  ...skillRequestRoutes,
  ...requirementRoutes,
];

export { certificationRounds, useConsumers } from "./certifications/due.ts";
export type { SkillEventType } from "./events.ts";
export { moveSkills } from "./merges.ts";
export { skillPersonalData } from "./personal.ts";
export type { SkillEffects } from "./port.ts";
export { skillRequestFiles } from "./requests/owner.ts";
export { holdingsJson, machinesAsking, readHoldings, skillGate, skillGateOfUser } from "./requirements/gate.ts";
export { trainersOf } from "./trainers.ts";
