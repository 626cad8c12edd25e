import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { Announcement } from "./contract.ts";
import type { announcementReaders, announcements } from "./tables.ts";

export type AnnouncementRow = typeof announcements.$inferSelect;
/** What the caller did with it; null when nothing. */
export type Reading = Pick<typeof announcementReaders.$inferSelect, "acknowledged_at" | "dismissed_at"> | null;
export type Counts = z.output<typeof Announcement>["counts"];

/** Row → JSON. */
export const viewAnnouncement = (
  row: AnnouncementRow,
  reading: Reading,
  counts: Counts = null,
): z.output<typeof Announcement> => ({
  id: row.id,
  title: row.title,
  body: row.body,
  audience: row.audience,
  audience_id: row.audience_id,
  pinned: row.pinned,
  requires_acknowledgement: row.requires_acknowledgement,
  status: row.status,
  publish_at: toIsoOrNull(row.publish_at),
  published_at: toIsoOrNull(row.published_at),
  expires_at: toIsoOrNull(row.expires_at),
  acknowledged_at: toIsoOrNull(reading?.acknowledged_at ?? null),
  dismissed_at: toIsoOrNull(reading?.dismissed_at ?? null),
  counts,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
