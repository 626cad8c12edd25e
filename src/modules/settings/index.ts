/** Settings: makerspaces, their wall clock, currency and booking defaults, and everything that can be set by section. */

import type { Route } from "../../platform/route.ts";
import { keyRoutes } from "./keys/routes.ts";
import { makerspaceRoutes } from "./makerspaces/routes.ts";
import type { MakerspaceEffects, SettingsEffects } from "./port.ts";
import { sectionRoutes } from "./sections/routes.ts";

export { rotationRounds } from "./keys/service.ts";
export { settingsSource } from "./makerspaces/service.ts";

export { settingsPersonalData } from "./personal.ts";

/** The routes of the module; `effects` hear of every changed section, `ofMakerspaces` of new makerspaces and new clocks. */
export const settingsRoutes = (
  effects: readonly SettingsEffects[],
  ofMakerspaces: MakerspaceEffects,
): readonly Route[] => [...makerspaceRoutes(ofMakerspaces), ...sectionRoutes(effects), ...keyRoutes];
