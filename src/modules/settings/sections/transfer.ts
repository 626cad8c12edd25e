/** Settings as a document: out of one makerspace, into another. Secrets stay where they are. */

import type { z } from "@hono/zod-openapi";
import type { SpaceSettings } from "../../../platform/access/membership.ts";
import { type FieldError, problem } from "../../../platform/problem.ts";
import { defaultSettings, type SectionName, sectionNames, settingsOf } from "../../../platform/settings/sections.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso } from "../../../platform/time.ts";
import type { SettingsEffects } from "../port.ts";
import { draftOf } from "./changes.ts";
import type { SettingsExport, SettingsImport, SettingsImportReport } from "./contract.ts";
import { changeOf, isEmpty, type SectionChange, storeSections } from "./store.ts";

type Report = z.output<typeof SettingsImportReport>;
type Result = Report["results"][number];

/** Every setting that has a meaning today, as an import takes it. */
export function exportSettings(space: Space): z.output<typeof SettingsExport> {
  const { name, slug, sections } = space.settings;
  const ofSection = (section: SectionName) =>
    Object.fromEntries(
      Object.entries(sections[section]).filter(([key]) => settingsOf(section)[key]?.reserved_for === undefined),
    );
  const settings = sectionNames.map((section) => [section, ofSection(section)] as const);
  return {
    format: "makrcave-settings",
    exported_at: toIso(space.now),
    makerspace: { id: space.id, slug, name },
    settings: Object.fromEntries(settings.filter(([, values]) => Object.keys(values).length > 0)),
  };
}

interface Judged {
  results: Result[];
  changes: SectionChange[];
  /** Faults with their place in the document. */
  faults: FieldError[];
}

const refusedSection = (section: string): Judged => {
  const detail = `there is no section ${section}`;
  const code = "unrecognized_keys";
  return {
    results: [{ section, key: null, outcome: "refused", code, detail }],
    changes: [],
    faults: [{ pointer: `/settings/${section}`, code, detail }],
  };
};

function judge(settings: SpaceSettings, section: SectionName, given: Readonly<Record<string, unknown>>): Judged {
  const draft = draftOf(section, settings.sections[section], given, false);
  const change = changeOf(settings, section, draft);
  const keyOf = ({ pointer }: FieldError): string => pointer.split("/")[1] ?? "";
  const named = Object.keys(given);
  const results = named.map((key): Result => {
    const fault = draft.faults.find((item) => keyOf(item) === key);
    if (fault) return { section, key, outcome: "refused", code: fault.code, detail: fault.detail };
    const isChanged = change.changes.some((item) => item.key === key);
    return { section, key, outcome: isChanged ? "changed" : "unchanged" };
  });
  // What a rule between settings says may concern one that the document does not name.
  const others = draft.faults.filter((fault) => !named.includes(keyOf(fault)));
  return {
    results: [
      ...results,
      ...others.map(({ code, detail }): Result => ({ section, key: null, outcome: "refused", code, detail })),
    ],
    changes: [change],
    faults: draft.faults.map((fault) => ({ ...fault, pointer: `/settings/${section}${fault.pointer}` })),
  };
}

/**
 * Merges a document into the settings: all of it, or nothing when any of it is wrong.
 * @throws invalid_body listing every fault, unless it is a dry run, whose report says the same; conflict when somebody changes settings meanwhile
 */
export async function importSettings(
  space: Space,
  { settings: given, dry_run }: z.output<typeof SettingsImport>,
  effects: readonly SettingsEffects[],
): Promise<Report> {
  const judged = Object.entries(given).map(([name, values]) =>
    Object.hasOwn(defaultSettings, name) ? judge(space.settings, name as SectionName, values) : refusedSection(name),
  );
  const results = judged.flatMap((part) => part.results);
  const faults = judged.flatMap((part) => part.faults);
  const changes = judged.flatMap((part) => part.changes).filter((change) => !isEmpty(change));
  if (dry_run) return { dry_run, applied: false, results };
  if (faults.length > 0) throw problem("invalid_body", { errors: faults.slice(0, 50) });
  if (changes.length === 0) return { dry_run, applied: false, results };
  const { policy_applied } = await storeSections(space, space.settings, changes, "settings.imported", effects);
  return { dry_run, applied: true, policy_applied, results };
}
