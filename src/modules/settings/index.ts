/** Settings: makerspaces, their wall clock, currency and booking defaults. */

export { makerspaceRoutes as settingsRoutes } from "./makerspaces/routes.ts";
export { settingsSource } from "./makerspaces/service.ts";
