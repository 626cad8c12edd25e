import type { z } from "@hono/zod-openapi";
import type { SpaceSettings } from "../../../platform/access/membership.ts";
import { toIso } from "../../../platform/time.ts";
import { bookingDefaults } from "../../equipment/index.ts";
import type { Makerspace } from "./contract.ts";

/** Settings → JSON; the booking defaults only for those who may read settings. */
export function viewMakerspace(
  id: string,
  settings: SpaceSettings,
  withSettings: boolean,
): z.output<typeof Makerspace> {
  const defaults = bookingDefaults(settings);
  return {
    id,
    slug: settings.slug,
    name: settings.name,
    timezone: settings.timezone,
    currency: settings.currency,
    ...(withSettings && { show_holder: defaults.show_holder, booking_policy: defaults.policy }),
    created_at: toIso(settings.created_at),
    updated_at: toIso(settings.updated_at),
    version: settings.version,
  };
}
