import { publicRoute, Reply, type Route, spaceRoute } from "../../../platform/route.ts";
import { SettingsHistoryPage, SettingsHistoryQuery } from "../history/contract.ts";
import { listHistory } from "../history/service.ts";
import type { SettingsEffects } from "../port.ts";
import { PublicSettings } from "../public/contract.ts";
import { readPublicSettings } from "../public/service.ts";
import {
  AllSettings,
  SettingsExport,
  SettingsImport,
  SettingsImportReport,
  SettingsPatch,
  SettingsSection,
  ToggleInput,
} from "./contract.ts";
import { readAllSettings, readSection, resetSection, switchSetting, updateSection } from "./service.ts";
import { exportSettings, importSettings } from "./transfer.ts";

const tag = "settings";
const read = { tag, method: "get", permission: "settings.read" } as const;
const manage = { tag, permission: "settings.manage" } as const;

/** Visitors and caches may keep it for so long, in seconds. */
const PUBLIC_FOR = 60;

const readRoutes: readonly Route[] = [
  spaceRoute(
    {
      ...read,
      operation_id: "get_settings",
      path: "/settings",
      summary: "All settings by section; secrets only as whether there is one",
      response: AllSettings,
    },
    (space) => readAllSettings(space),
  ),
  publicRoute(
    {
      operation_id: "get_public_settings",
      tag,
      method: "get",
      path: "/api/v1/makerspaces/{makerspace_id}/settings/public",
      summary: "What visitors may know: contact, opening hours, whether one can register, colours",
      public_because: "It is what stands on the door.",
      response: PublicSettings,
      problems: ["not_found"],
    },
    async (visitor, { params }) =>
      new Reply(await readPublicSettings(params.makerspace_id, visitor.now), {
        "cache-control": `public, max-age=${PUBLIC_FOR}`,
      }),
  ),
  spaceRoute(
    {
      ...read,
      operation_id: "list_settings_history",
      path: "/settings/history",
      summary: "Who changed which settings when, newest first",
      description: "Of secrets and personal contact it says that they changed, not from what to what.",
      query: SettingsHistoryQuery,
      response: SettingsHistoryPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listHistory(space, query),
  ),
  spaceRoute(
    {
      ...read,
      operation_id: "export_settings",
      path: "/settings/export",
      summary: "The settings as a document for an import; secrets never leave",
      permission: "settings.manage",
      response: SettingsExport,
    },
    (space) => exportSettings(space),
  ),
  spaceRoute(
    {
      ...read,
      operation_id: "get_settings_section",
      path: "/settings/{section}",
      summary: "One section: general, access, inventory, billing, service, appearance, integrations, …",
      response: SettingsSection,
    },
    (space, { params }) => readSection(space, params.section),
  ),
];

const changeRoutes = (effects: readonly SettingsEffects[]): readonly Route[] => [
  spaceRoute(
    {
      ...manage,
      operation_id: "import_settings",
      method: "post",
      path: "/settings/import",
      summary: "Merge a document of settings: all of it, or nothing when any of it is wrong",
      body: SettingsImport,
      response: SettingsImportReport,
      problems: ["stale_version"],
    },
    (space, { body }) => importSettings(space, body, effects),
  ),
  spaceRoute(
    {
      ...manage,
      operation_id: "update_settings_section",
      method: "patch",
      path: "/settings/{section}",
      summary: "Change settings of a section; null takes one back to its default",
      description: "Existing bookings stay as they are.",
      body: SettingsPatch,
      if_match: "required",
      response: SettingsSection,
      problems: ["module_missing"],
    },
    (space, { params, body, if_match }) =>
      updateSection(space, { name: params.section, patch: body, if_match }, effects),
  ),
  spaceRoute(
    {
      ...manage,
      operation_id: "reset_settings_section",
      method: "post",
      path: "/settings/{section}/reset",
      summary: "Take a section back to its defaults and forget its secrets",
      if_match: "optional",
      response: SettingsSection,
      problems: ["conflict"],
    },
    (space, { params, if_match }) => resetSection(space, { name: params.section, if_match }, effects),
  ),
  spaceRoute(
    {
      ...manage,
      operation_id: "switch_setting",
      method: "post",
      path: "/settings/{section}/toggles/{key}",
      summary: "Switch one setting on or off, whatever else changes meanwhile",
      body: ToggleInput,
      response: SettingsSection,
      problems: ["module_missing", "conflict"],
    },
    (space, { params, body }) =>
      switchSetting(space, { name: params.section, key: params.key, enabled: body.enabled }, effects),
  ),
];

/** Settings by section; `effects` hear of every change. */
export const sectionRoutes = (effects: readonly SettingsEffects[]): readonly Route[] => [
  ...readRoutes,
  ...changeRoutes(effects),
];
