/** Changed sections on their way into the database: one batch with audit, history and what others are owed. */

import { eq } from "drizzle-orm";
import type { SpaceSettings } from "../../../platform/access/membership.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import { settingsSections } from "../../../platform/db/tables.ts";
import { dropSecret, keepSecret } from "../../../platform/secrets.ts";
import { sectionWith } from "../../../platform/settings/load.ts";
import { type SectionName, settingsOf } from "../../../platform/settings/sections.ts";
import type { Space } from "../../../platform/space.ts";
import { type HistoryChange, historyWrite } from "../history/service.ts";
import type { SettingsEffects } from "../port.ts";
import { type Change, changesBetween, type Draft, dataOf } from "./changes.ts";

/** A section with what a request makes of it. */
export interface SectionChange {
  section: SectionName;
  draft: Draft;
  changes: Change[];
}

/** What a draft changes of the settings it was made from. */
export const changeOf = (settings: SpaceSettings, section: SectionName, draft: Draft): SectionChange => ({
  section,
  draft,
  changes: changesBetween(settings.sections[section], draft.values),
});

/** A draft that asks for what is so already changes nothing. */
export const isEmpty = ({ changes, draft }: SectionChange): boolean => changes.length === 0 && draft.secrets.size === 0;

/** The settings once the changes hold. */
function settingsAfter(before: SpaceSettings, changes: readonly SectionChange[], now: number): SpaceSettings {
  const sections = changes.map(({ section, draft }) => [section, sectionWith(section, draft.values)] as const);
  const states = changes.map(({ section }) => {
    const { version } = before.section_states[section];
    return [section, { version: version + 1, updated_at: now }] as const;
  });
  return {
    ...before,
    sections: { ...before.sections, ...Object.fromEntries(sections) },
    section_states: { ...before.section_states, ...Object.fromEntries(states) },
  };
}

/** What people may look up afterwards: personal contact and secrets only by name. */
function recorded({ section, draft, changes }: SectionChange): HistoryChange[] {
  const settings = settingsOf(section);
  return [
    ...changes.map(
      ({ key, before, after }): HistoryChange =>
        settings[key]?.personal ? { key, withheld: true } : { key, withheld: false, before, after },
    ),
    ...[...draft.secrets.keys()].map((key): HistoryChange => ({ key, withheld: true })),
  ];
}

function sectionWrite(space: Space, { section, draft }: SectionChange, expected: number): Write {
  const row = {
    data: dataOf(section, draft.values),
    version: expected + 1,
    updated_at: space.now,
    updated_by: space.actor.id,
  };
  const { makerspace_id, section: name, version } = settingsSections;
  // Without a row the section has version 1; of two first changes the second meets the row of the first, whose version is 2.
  const statement = space.db
    .insert(settingsSections)
    .values(space.store.row({ section, ...row }))
    .onConflictDoUpdate({ target: [makerspace_id, name], set: row, setWhere: eq(version, expected) });
  return write(statement, { expect: "stale_version" });
}

const secretWrites = ({ store, now }: Space, { draft }: SectionChange): Promise<Write[]> =>
  Promise.all(
    [...draft.secrets].map(([name, value]) => {
      const ref = { place: "integrations", name };
      return value === null ? dropSecret(store, ref) : keepSecret(store, ref, value, { now, hint: true });
    }),
  );

/** Names and values as the audit keeps them. */
const audited = (changes: readonly SectionChange[], side: "before" | "after") =>
  Object.fromEntries(
    changes.map((change) => [
      change.section,
      Object.fromEntries(recorded(change).map((item) => [item.key, item.withheld ? "withheld" : (item[side] ?? null)])),
    ]),
  );

export interface Stored {
  settings: SpaceSettings;
  policy_applied: boolean;
}

/**
 * Writes changed sections, all or none, and tells those concerned.
 * @throws stale_version when one of them changed since `before` was read
 */
export async function storeSections(
  space: Space,
  before: SpaceSettings,
  changes: readonly SectionChange[],
  action: string,
  effects: readonly SettingsEffects[],
): Promise<Stored> {
  const after = settingsAfter(before, changes, space.now);
  const [first] = changes;
  const id = changes.length === 1 && first ? first.section : "several";
  const version = Math.max(...changes.map(({ section }) => after.section_states[section].version));
  const writes = await Promise.all(
    changes.map(async (change) => [
      sectionWrite(space, change, before.section_states[change.section].version),
      ...(await secretWrites(space, change)),
      historyWrite(space, change.section, after.section_states[change.section].version, recorded(change)),
      ...effects.flatMap((effect) => effect.writes?.(space, change.section, before, after) ?? []),
    ]),
  );
  await space.commit(
    {
      action,
      subject: { type: "settings", id, version },
      before: audited(changes, "before"),
      after: audited(changes, "after"),
    },
    ...writes.flat(),
  );
  const told = await Promise.all(
    changes.flatMap(({ section }) => effects.map((effect) => effect.changed(space, section, before, after))),
  );
  return { settings: after, policy_applied: told.every(Boolean) };
}
