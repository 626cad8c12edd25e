/** Events of the settings module: what it tells itself. */

/** Secrets of a makerspace lie under an older key and are to be sealed anew. */
export type SettingsMessage = "secrets.reseal_due";

declare module "../../platform/events.ts" {
  interface EventCatalogue extends Record<SettingsMessage, Record<string, never>> {}
}
