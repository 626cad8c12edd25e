/** What a request makes of a section: new values, what changed, and what is wrong with it. Pure. */

import type { FieldError } from "../../../platform/problem.ts";
import {
  defaultSettings,
  type SectionName,
  type Setting,
  type Settings,
  secrets,
  settingsOf,
} from "../../../platform/settings/sections.ts";
import { themeFaults } from "./contrast.ts";

/** Key → value of one section, secrets left out. */
export type Values = Readonly<Record<string, unknown>>;

/** A section as a request would have it. */
export interface Draft {
  values: Values;
  /** Secrets to keep, or to forget (null). */
  secrets: ReadonlyMap<string, string | null>;
  faults: FieldError[];
}

/** One setting's change. */
export interface Change {
  key: string;
  before: unknown;
  after: unknown;
}

/** Values come out of the same schemas, so their keys stand in the same order. */
const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const valuesOf = (settings: Settings, section: SectionName): Values => settings[section];

/** The values of a section that differ from its defaults: all that is stored. */
export const dataOf = (section: SectionName, values: Values): Values => {
  const initial = valuesOf(defaultSettings, section);
  return Object.fromEntries(Object.entries(values).filter(([key, value]) => !isSame(value, initial[key])));
};

/** What differs between two states of a section, in the order of its keys. */
export const changesBetween = (before: Values, after: Values): Change[] =>
  Object.keys(before)
    .filter((key) => !isSame(before[key], after[key]))
    .map((key) => ({ key, before: before[key], after: after[key] }));

/** Rules between the settings of one section. */
const rules: { readonly [S in SectionName]?: (values: Settings[S]) => FieldError[] } = {
  appearance: themeFaults,
  general: ({ latitude, longitude }) =>
    (latitude === null) === (longitude === null)
      ? []
      : [{ pointer: "/latitude", code: "contradiction", detail: "latitude and longitude come together" }],
};

const ruleFaults = (section: SectionName, values: Values): FieldError[] =>
  // Each rule is kept under the section whose values it takes.
  (rules[section] as ((given: Values) => FieldError[]) | undefined)?.(values) ?? [];

const toPointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** A value as its setting takes it, or what is wrong with it. */
function readValue(key: string, setting: Setting, given: unknown): { value: unknown } | { faults: FieldError[] } {
  if (given === null) return { value: setting.initial };
  const parsed = setting.schema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, code, message }) => ({
      pointer: toPointer([key, ...path]),
      code,
      detail: message,
    }));
    return { faults };
  }
  if (setting.reserved_for !== undefined && !isSame(parsed.data, setting.initial)) {
    const detail = `${key} belongs to the module "${setting.reserved_for}", which is not there yet`;
    return { faults: [{ pointer: `/${key}`, code: "reserved", detail }] };
  }
  return { value: parsed.data };
}

/** Printable, without spaces: what every service's keys are made of. */
const SECRET = /^[\x21-\x7e]{8,500}$/;

const isSecret = (section: SectionName, key: string): boolean => section === "integrations" && key in secrets;

/**
 * Merges a patch into a section: null takes a setting back to its default, and forgets a secret.
 * @param secretsAllowed false for imports: secrets never travel
 */
export function draftOf(section: SectionName, before: Values, patch: Values, secretsAllowed = true): Draft {
  const known = settingsOf(section);
  const merged: Record<string, unknown> = { ...before };
  const kept = new Map<string, string | null>();
  const faults: FieldError[] = [];
  for (const [key, given] of Object.entries(patch)) {
    const pointer = toPointer([key]);
    if (isSecret(section, key)) {
      if (!secretsAllowed) faults.push({ pointer, code: "secret", detail: `${key} is a secret: it is set on its own` });
      else if (given === null) kept.set(key, null);
      else if (typeof given === "string" && SECRET.test(given)) kept.set(key, given);
      else
        faults.push({
          pointer,
          code: "secret",
          detail: `${key} is 8 to 500 printable characters without spaces, or null`,
        });
      continue;
    }
    const setting = Object.hasOwn(known, key) ? known[key] : undefined;
    if (!setting) {
      faults.push({ pointer, code: "unrecognized_keys", detail: `there is no setting ${key} in ${section}` });
      continue;
    }
    const read = readValue(key, setting, given);
    if ("faults" in read) faults.push(...read.faults);
    else merged[key] = read.value;
  }
  return { values: merged, secrets: kept, faults: faults.length > 0 ? faults : ruleFaults(section, merged) };
}
