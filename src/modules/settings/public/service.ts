/** What anybody may know of a makerspace without signing in. */

import type { z } from "@hono/zod-openapi";
import type { SpaceSettings } from "../../../platform/access/membership.ts";
import { readTogether } from "../../../platform/db/ready.ts";
import { directoryShardOf } from "../../../platform/db/shards.ts";
import { SpaceStore } from "../../../platform/db/store.ts";
import { describeError, log } from "../../../platform/log.ts";
import { problem } from "../../../platform/problem.ts";
import { isOpenAt, nextOpening } from "../../../platform/settings/hours.ts";
import type { SectionName } from "../../../platform/settings/sections.ts";
import { toIsoOrNull } from "../../../platform/time.ts";
import { Zone } from "../../../platform/zone.ts";
import { settingsSource } from "../makerspaces/service.ts";
import { type PublicSettings, publicKeys } from "./contract.ts";

/** The settings of a makerspace that nobody signed in to; null when there is none. @throws unavailable when D1 does not answer */
async function settingsOf(makerspace_id: string): Promise<SpaceSettings | null> {
  try {
    const shard = await directoryShardOf(makerspace_id);
    if (shard === null) return null;
    const { build, read } = settingsSource.settings;
    const [rows] = await readTogether(new SpaceStore(makerspace_id, shard), [build], {});
    return read(rows);
  } catch (error) {
    log.error("public_settings_unavailable", { makerspace_id, error: describeError(error) });
    throw problem("unavailable", { retry_after: 2 });
  }
}

/** The public settings of a makerspace. @throws not_found; unavailable */
export async function readPublicSettings(makerspace_id: string, now: number): Promise<z.output<typeof PublicSettings>> {
  const settings = await settingsOf(makerspace_id);
  if (!settings) throw problem("not_found");
  const { slug, name, timezone, currency, sections } = settings;
  const pick = <S extends SectionName>(section: S) =>
    Object.fromEntries(publicKeys(section).map((key) => [key, sections[section][key as keyof (typeof sections)[S]]]));
  const { opening_hours } = sections.general;
  const zone = new Zone(timezone);
  const open_now = isOpenAt(opening_hours, zone, now);
  return {
    id: makerspace_id,
    slug,
    name,
    timezone,
    currency,
    ...pick("general"),
    open_now,
    next_opening_at: open_now ? null : toIsoOrNull(nextOpening(opening_hours, zone, now)),
    ...pick("access"),
    theme: pick("appearance"),
    // Picked by the data that the type is made of.
  } as z.output<typeof PublicSettings>;
}
