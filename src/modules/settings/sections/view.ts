import type { SpaceSettings } from "../../../platform/access/membership.ts";
import type { SecretHint } from "../../../platform/secrets.ts";
import { type SectionName, secrets, settingsOf } from "../../../platform/settings/sections.ts";
import { toIsoOrNull } from "../../../platform/time.ts";
import type { SectionView } from "./contract.ts";

const secretStates = (kept: readonly SecretHint[]) =>
  Object.fromEntries(
    Object.keys(secrets).map((name) => {
      const found = kept.find((secret) => secret.name === name);
      const state = { configured: found !== undefined, last4: found?.hint ?? null };
      return [name, { ...state, updated_at: toIsoOrNull(found?.updated_at ?? null) }];
    }),
  );

/** One section → JSON; secrets only as "there is one". */
export function viewSection(section: SectionName, settings: SpaceSettings, kept: readonly SecretHint[]): SectionView {
  const { version, updated_at } = settings.section_states[section];
  const hasSecrets = section === "integrations";
  const reserved = Object.entries({ ...settingsOf(section), ...(hasSecrets && secrets) }).flatMap(
    ([key, { reserved_for }]) => (reserved_for === undefined ? [] : [[key, reserved_for] as const]),
  );
  return {
    ...settings.sections[section],
    ...(hasSecrets && secretStates(kept)),
    section,
    version,
    updated_at: toIsoOrNull(updated_at),
    reserved_for: Object.fromEntries(reserved),
  };
}
