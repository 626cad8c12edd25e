/** Settings by section: read, merged, reset, and switched one at a time. */

import type { SpaceSettings } from "../../../platform/access/membership.ts";
import { readTogether } from "../../../platform/db/ready.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import { listSecrets } from "../../../platform/secrets.ts";
import { defaultSettings, type SectionName, secrets, settingsOf } from "../../../platform/settings/sections.ts";
import type { Space } from "../../../platform/space.ts";
import { settingsSource } from "../makerspaces/service.ts";
import type { SettingsEffects } from "../port.ts";
import { type Draft, draftOf, type Values } from "./changes.ts";
import type { SectionView } from "./contract.ts";
import { changeOf, isEmpty, storeSections } from "./store.ts";
import { viewSection } from "./view.ts";

/** The section of a path. @throws not_found */
export function sectionNamed(name: string): SectionName {
  if (Object.hasOwn(defaultSettings, name)) return name as SectionName;
  throw problem("not_found", { detail: `There is no section ${name}.` });
}

const secretsOf = (space: Space, section: SectionName | "all") =>
  section === "integrations" || section === "all" ? listSecrets(space.store, "integrations") : [];

/** Every section with its version. */
export async function readAllSettings(space: Space): Promise<Record<SectionName, SectionView>> {
  const kept = await secretsOf(space, "all");
  const names = Object.keys(defaultSettings) as SectionName[];
  return Object.fromEntries(names.map((name) => [name, viewSection(name, space.settings, kept)])) as Record<
    SectionName,
    SectionView
  >;
}

/** One section. @throws not_found */
export async function readSection(space: Space, name: string): Promise<SectionView> {
  const section = sectionNamed(name);
  return viewSection(section, space.settings, await secretsOf(space, section));
}

/** The settings as they are now, not as the request found them. */
async function readAgain(space: Space): Promise<SpaceSettings> {
  const { build, read } = settingsSource.settings;
  const [rows] = await readTogether(space.store, [build], {});
  const settings = read(rows);
  if (!settings) throw problem("not_found");
  return settings;
}

/** @throws module_missing when all that is wrong is that modules are not there yet; otherwise invalid_body */
export function refuseFaults({ faults }: Pick<Draft, "faults">): void {
  const [first] = faults;
  if (!first) return;
  const allReserved = faults.every(({ code }) => code === "reserved");
  throw allReserved
    ? problem("module_missing", { detail: `${first.detail}.`, errors: faults })
    : problem("invalid_body", { errors: faults });
}

interface SectionRequest {
  section: SectionName;
  action: string;
  /** Null: whatever version it has. */
  if_match: number | null;
  draft: (current: Values) => Draft;
}

/** Somebody else may be faster this often before we say so. */
const MAX_TRIES = 8;

/** Applies a request to a section as it is; without If-Match, to what others have made of it meanwhile. */
async function change(
  space: Space,
  { section, action, if_match, draft }: SectionRequest,
  effects: readonly SettingsEffects[],
): Promise<SectionView> {
  for (let attempt = 1; ; attempt += 1) {
    const before = attempt === 1 ? space.settings : await readAgain(space);
    if (if_match !== null && if_match !== before.section_states[section].version) throw problem("stale_version");
    const wanted = changeOf(before, section, draft(before.sections[section]));
    refuseFaults(wanted.draft);
    if (isEmpty(wanted)) return viewSection(section, before, await secretsOf(space, section));
    try {
      const { settings, policy_applied } = await storeSections(space, before, [wanted], action, effects);
      return { ...viewSection(section, settings, await secretsOf(space, section)), policy_applied };
    } catch (error) {
      const isStale = error instanceof Problem && error.code === "stale_version";
      if (!isStale || if_match !== null) throw error;
      if (attempt >= MAX_TRIES) throw problem("conflict");
    }
  }
}

/**
 * Merges a patch into a section; null takes a setting back to its default.
 * @throws not_found for an unknown section; stale_version; invalid_body; module_missing for a switch of a module that is not there yet
 */
export const updateSection = (
  space: Space,
  { name, patch, if_match }: { name: string; patch: Values; if_match: number | null },
  effects: readonly SettingsEffects[],
): Promise<SectionView> => {
  const section = sectionNamed(name);
  const draft = (current: Values): Draft => draftOf(section, current, patch);
  return change(space, { section, action: "settings.updated", if_match, draft }, effects);
};

/** Takes every setting of a section back to its default, and forgets its secrets. @throws not_found; stale_version */
export async function resetSection(
  space: Space,
  { name, if_match }: { name: string; if_match: number | null },
  effects: readonly SettingsEffects[],
): Promise<SectionView> {
  const section = sectionNamed(name);
  const kept = await secretsOf(space, section);
  const forgotten = new Map(kept.filter((secret) => secret.name in secrets).map((secret) => [secret.name, null]));
  const draft = (): Draft => ({ values: defaultSettings[section], secrets: forgotten, faults: [] });
  return change(space, { section, action: "settings.reset", if_match, draft }, effects);
}

/**
 * Switches one setting on or off, whatever else changes meanwhile; repeating it changes nothing.
 * @throws not_found for an unknown section, and for a key that is no switch; module_missing
 */
export async function switchSetting(
  space: Space,
  { name, key, enabled }: { name: string; key: string; enabled: boolean },
  effects: readonly SettingsEffects[],
): Promise<SectionView> {
  const section = sectionNamed(name);
  const settings = settingsOf(section);
  const setting = Object.hasOwn(settings, key) ? settings[key] : undefined;
  if (typeof setting?.initial !== "boolean")
    throw problem("not_found", { detail: `There is no switch ${key} in ${section}.` });
  const draft = (current: Values): Draft => draftOf(section, current, { [key]: enabled });
  return change(space, { section, action: "settings.switched", if_match: null, draft }, effects);
}
