/** Settings put where a test needs them, without the route. */

import { env } from "cloudflare:workers";
import type { SectionName } from "../../src/platform/settings/sections.ts";
import type { TestSpace } from "./space.ts";

/** Makes these the only values of a section that differ from the defaults. */
export const putSettings = (space: TestSpace, section: SectionName, data: object): Promise<D1Result> =>
  env.DB_000.prepare(
    `INSERT INTO settings_sections (makerspace_id, section, version, data, updated_at, updated_by) VALUES (?, ?, 2, ?, 1, 'test')
     ON CONFLICT DO UPDATE SET version = version + 1, data = excluded.data`,
  )
    .bind(space.id, section, JSON.stringify(data))
    .run();
