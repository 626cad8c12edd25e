import { z } from "@hono/zod-openapi";
import { Instant } from "../../../platform/contract.ts";
import { type SectionName, type Setting, sections, settingsOf } from "../../../platform/settings/sections.ts";

/** The settings of a section that anybody may read. */
export const publicKeys = (section: SectionName): string[] =>
  Object.entries(settingsOf(section)).flatMap(([key, setting]) => (setting.public ? [key] : []));

type PublicShape<S extends SectionName> = {
  -readonly [K in keyof (typeof sections)[S] as (typeof sections)[S][K] extends { public: true }
    ? K
    : never]: (typeof sections)[S][K] extends {
    schema: z.ZodType<infer T>;
  }
    ? z.ZodType<T>
    : never;
};

/** Their schemas, by key. */
function publicShape<S extends SectionName>(section: S): PublicShape<S> {
  const settings: Readonly<Record<string, Setting>> = sections[section];
  const shape = publicKeys(section).map((key) => {
    const setting = settings[key];
    return [key, setting?.schema.openapi({ description: setting.about })];
  });
  // The type says of each key what the data says.
  return Object.fromEntries(shape) as PublicShape<S>;
}

export const PublicSettings = z
  .strictObject({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    timezone: z.string(),
    currency: z.string(),
    ...publicShape("general"),
    open_now: z.boolean().openapi({ description: "By the opening hours, at the moment of the answer." }),
    next_opening_at: Instant.nullable().openapi({ description: "Null when it is open, and when it never opens." }),
    ...publicShape("access"),
    theme: z.strictObject(publicShape("appearance")),
  })
  .openapi("PublicSettings");
