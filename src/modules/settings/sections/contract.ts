import { z } from "@hono/zod-openapi";
import { Instant } from "../../../platform/contract.ts";
import {
  type SectionName,
  type Setting,
  secrets,
  sectionNames,
  settingsOf,
} from "../../../platform/settings/sections.ts";

const SecretState = z
  .strictObject({
    configured: z.boolean(),
    last4: z.string().nullable().openapi({ description: "The end of a long secret; its value is never given back." }),
    updated_at: Instant.nullable(),
  })
  .openapi("SecretState");

/** A section as it is answered: its state, and each of its settings by key. */
export interface SectionView {
  section: SectionName;
  version: number;
  updated_at: string | null;
  reserved_for: Record<string, string>;
  policy_applied?: boolean;
  [key: string]: unknown;
}

const described = ({ schema, about, reserved_for }: Setting): z.ZodType =>
  schema.openapi({ description: reserved_for ? `${about} Reserved for the module "${reserved_for}".` : about });

const title = (section: SectionName): string => `${section[0]?.toUpperCase()}${section.slice(1)}`;

function sectionSchema(section: SectionName): z.ZodType<SectionView> {
  const values = Object.entries(settingsOf(section)).map(([key, setting]) => [key, described(setting)] as const);
  const kept = section === "integrations" ? Object.keys(secrets).map((key) => [key, SecretState] as const) : [];
  const schema = z
    .strictObject({
      section: z.literal(section),
      version: z.int(),
      updated_at: Instant.nullable().openapi({ description: "Null while everything is as at the start." }),
      reserved_for: z.record(z.string(), z.string()).openapi({
        description: "Settings whose module is not there yet, and that module. They cannot be switched on.",
      }),
      policy_applied: z.boolean().optional().openapi({
        description: "After a change: whether every machine has it already; the rest follows within minutes.",
      }),
      ...Object.fromEntries([...values, ...kept]),
    })
    .openapi(`Settings${title(section)}`);
  // Its keys come from data, which the type cannot follow.
  return schema as unknown as z.ZodType<SectionView>;
}

const sectionSchemas = Object.fromEntries(sectionNames.map((name) => [name, sectionSchema(name)])) as Record<
  SectionName,
  z.ZodType<SectionView>
>;

export const SettingsSection = z.union(Object.values(sectionSchemas)).openapi("SettingsSection");

export const AllSettings = z.strictObject(sectionSchemas).openapi("AllSettings");

/** A patch of one section as JSON Schema, for the document; the service reads it by the same data. */
function patchSchema(section: SectionName): Record<string, unknown> {
  const values = Object.entries(settingsOf(section)).map(([key, setting]) => [
    key,
    z.nullable(setting.schema).optional().describe(setting.about),
  ]);
  const kept =
    section === "integrations"
      ? Object.entries(secrets).map(([key, { about }]) => [key, z.string().nullable().optional().describe(about)])
      : [];
  const shape = Object.fromEntries([...values, ...kept]) as Record<string, z.ZodType>;
  const { $schema: _, ...schema } = z.toJSONSchema(z.strictObject(shape), { io: "input", reused: "inline" });
  return { title: section, ...schema };
}

/** Keys of the section named by the path; which they are is data, so the service checks them. */
export const SettingsPatch = z.record(z.string(), z.unknown()).openapi({
  anyOf: sectionNames.map(patchSchema),
  description: "Keys of the section named in the path; those left out stay, null takes one back to its default.",
  example: { enable_reservations: false },
});

export const ToggleInput = z.strictObject({ enabled: z.boolean() }).openapi("ToggleInput");

export const SettingsExport = z
  .strictObject({
    format: z.literal("makrcave-settings"),
    exported_at: Instant,
    makerspace: z.strictObject({ id: z.string(), slug: z.string(), name: z.string() }),
    settings: z.record(z.string(), z.record(z.string(), z.unknown())).openapi({
      description: "Section, key, value: as an import takes it. Secrets never leave.",
    }),
  })
  .openapi("SettingsExport");

export const SettingsImport = z
  .strictObject({
    settings: z.record(z.string(), z.record(z.string(), z.unknown())).openapi({
      description: "As an export has it. Settings left out stay as they are.",
      example: { access: { public_registration: true } },
    }),
    dry_run: z.boolean().default(false).openapi({ description: "Only say what would happen." }),
  })
  .openapi("SettingsImport");

export const ImportOutcome = z.enum(["changed", "unchanged", "refused"]);

export const SettingsImportReport = z
  .strictObject({
    dry_run: z.boolean(),
    applied: z
      .boolean()
      .openapi({ description: "All of it or nothing: false in a dry run, and when nothing changed." }),
    policy_applied: z.boolean().optional(),
    results: z.array(
      z.strictObject({
        section: z.string(),
        key: z.string().nullable().openapi({ description: "Null for what concerns the section as a whole." }),
        outcome: ImportOutcome,
        code: z.string().optional(),
        detail: z.string().optional(),
      }),
    ),
  })
  .openapi("SettingsImportReport");
