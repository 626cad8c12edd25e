import { expect, it } from "vitest";
import { makeScene } from "../../support/scene.ts";
import { slotIn, until } from "../../support/space.ts";
import type { Notification, NotificationPreferences } from "../../support/wire.ts";

/** What people are told. */
export function notifications(): void {
  it("tells people what concerns them", async () => {
    const { space, machine, ada, desk } = await makeScene();
    await space.booked(desk.api, machine, { ...slotIn(24), member_id: ada.member.id });
    const [told] = await until("the notification", async () => {
      const found = await ada.api.all<Notification>("/api/v1/me/notifications");
      return found.length > 0 && found;
    });
    expect(await ada.api.get("/api/v1/me/notifications/unread")).toEqual({ unread: 1 });
    expect(await ada.api.get(space.path("/notifications/unread"))).toEqual({ unread: 1 });
    await ada.api.post(space.path("/notifications/read_all"));
    await ada.api.post(space.path(`/notifications/${told?.id}/unread`));
    await ada.api.delete(space.path(`/notifications/${told?.id}`));
    const path = space.path("/members/me/notification_preferences");
    await ada.api.get<NotificationPreferences>(path);
    await ada.api.patch<NotificationPreferences>(path, { digest: "daily" });
  });
}
