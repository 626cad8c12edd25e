/** What the module tells itself, and what it tells others. */

import type { AnnouncementAudience } from "./announcements/model.ts";

declare module "../../platform/events.ts" {
  interface EventCatalogue {
    "notification.mails_due": Record<string, never>;
    "notifications.tidy_due": Record<string, never>;
    "announcement.published": { audience: AnnouncementAudience; audience_id: string | null };
    "announcement.fan_out_due": { after: string };
    "announcements.due": Record<string, never>;
  }
}

export type AnnouncementEventType = "announcement.published" | "announcement.fan_out_due";
