/** Settings out of storage: sections that nobody changed have no row. */

import { type SQL, sql } from "drizzle-orm";
import { type ReadBuilder, readTogether } from "../db/ready.ts";
import type { SpaceStore } from "../db/store.ts";
import { settingsSections } from "../db/tables.ts";
import { defaultSettings, type SectionName, type Settings, sectionNames } from "./sections.ts";

/** How often a section changed, and when last. */
export interface SectionState {
  /** 1 until the first change. */
  version: number;
  /** Epoch milliseconds; null before the first change. */
  updated_at: number | null;
}

/** All settings of a makerspace with the state of each section. */
export interface LoadedSettings {
  sections: Settings;
  section_states: Readonly<Record<SectionName, SectionState>>;
}

interface StoredSection extends SectionState {
  section: string;
  /** Only what differs from the defaults. */
  data: Record<string, unknown>;
}

const untouched: SectionState = { version: 1, updated_at: null };
const nothingStored: LoadedSettings = {
  sections: defaultSettings,
  section_states: Object.fromEntries(sectionNames.map((name) => [name, untouched])) as LoadedSettings["section_states"],
};

const isSection = (name: string): name is SectionName => name in defaultSettings;

/** The values of one section: what is stored over the defaults; keys that no longer exist are passed over. */
export function sectionWith<S extends SectionName>(section: S, data: Readonly<Record<string, unknown>>): Settings[S] {
  const initial = defaultSettings[section];
  const known = Object.entries(data).filter(([key]) => key in initial);
  return { ...initial, ...Object.fromEntries(known) };
}

/** Every stored section of the makerspace in one JSON text: a column of a read that has its row anyway. */
export const storedSections = (makerspace_id: SQL): SQL<string> => sql<string>`(
  SELECT json_group_array(json_object('section', stored.section, 'version', stored.version, 'updated_at', stored.updated_at,
                                      'data', json(stored.data)))
  FROM settings_sections AS stored WHERE stored.makerspace_id = ${makerspace_id})`;

/** Rows of `settings_sections` → settings. */
export function settingsFrom(rows: readonly StoredSection[]): LoadedSettings {
  if (rows.length === 0) return nothingStored;
  const stored = rows.filter((row): row is StoredSection & { section: SectionName } => isSection(row.section));
  return {
    sections: {
      ...defaultSettings,
      ...Object.fromEntries(stored.map(({ section, data }) => [section, sectionWith(section, data)])),
    },
    section_states: {
      ...nothingStored.section_states,
      ...Object.fromEntries(
        stored.map(({ section, version, updated_at }) => [section, { version, updated_at } satisfies SectionState]),
      ),
    },
  };
}

/** What `storedSections` answered → settings. */
export const readSections = (text: string): LoadedSettings => settingsFrom(JSON.parse(text) as StoredSection[]);

const allSections: ReadBuilder = (store) =>
  store.db
    .select({
      section: settingsSections.section,
      version: settingsSections.version,
      updated_at: settingsSections.updated_at,
      data: settingsSections.data,
    })
    .from(settingsSections)
    .where(store.in(settingsSections));

/** The settings of a makerspace, for work that no request opened: consumers, jobs. One trip. */
export async function loadSettings(store: SpaceStore): Promise<Settings> {
  const [rows] = await readTogether(store, [allSections], {});
  return settingsFrom(rows as StoredSection[]).sections;
}
