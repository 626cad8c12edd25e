import { z } from "@hono/zod-openapi";
import { Id, Instant, pageOf, pageQuery } from "../../../platform/contract.ts";
import { sectionNames } from "../../../platform/settings/sections.ts";

/** The makerspace's own fields have a history like any section's. */
export const historySections = ["makerspace", ...sectionNames] as const;

export const SettingsHistoryEntry = z
  .strictObject({
    id: Id,
    section: z.enum(historySections),
    version: z.int().openapi({ description: "The section's version since then." }),
    changed_at: Instant,
    actor: z.strictObject({ kind: z.string(), id: z.string() }),
    changes: z.array(
      z.strictObject({
        key: z.string(),
        withheld: z.boolean().openapi({ description: "Secrets and personal contact: only that they changed." }),
        before: z.unknown().optional(),
        after: z.unknown().optional(),
      }),
    ),
  })
  .openapi("SettingsHistoryEntry");

export const SettingsHistoryPage = pageOf(SettingsHistoryEntry).openapi("SettingsHistoryPage");

export const SettingsHistoryQuery = z.strictObject({ ...pageQuery, section: z.enum(historySections).optional() });
