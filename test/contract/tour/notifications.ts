import { expect, it } from "vitest";
import { Receiver } from "../../support/receiver.ts";
import { makeScene } from "../../support/scene.ts";
import { makeSpace, slotIn, until } from "../../support/space.ts";
import type {
  Announcement,
  Notification,
  NotificationPreferences,
  Webhook,
  WebhookDelivery,
} from "../../support/wire.ts";

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

  it("tells other programs, too", async () => {
    const space = await makeSpace();
    const { root: api } = space;
    const receiver = new Receiver();
    const { id } = await api.post<Webhook>(space.path("/webhooks"), { url: receiver.url("ok"), events: ["*"] });
    const path = space.path(`/webhooks/${id}`);
    const delivery = await api.post<WebhookDelivery>(`${path}/test`);
    await api.get(`${path}/deliveries/${delivery.id}`);
    await api.post(`${path}/deliveries/${delivery.id}/redeliver`);
    await api.get(`${path}/deliveries`);
    await receiver.heard(2);
    await api.post(`${path}/rotate_secret`);
    await api.patch(path, { description: "The door display" });
    await api.post(`${path}/disable`);
    await api.post(`${path}/enable`);
    await api.get(path);
    await api.get(space.path("/webhooks"));
    await api.get(space.path("/events"));
    await api.delete(path);
  });

  it("announces to many", async () => {
    const { space, ada } = await makeScene();
    const path = space.path("/announcements");
    const { id } = await space.root.post<Announcement>(path, { title: "Open day", body: "Come." });
    await space.root.patch(`${path}/${id}`, { pinned: true });
    await space.root.post(`${path}/${id}/publish`);
    await ada.api.get(path);
    await ada.api.get(`${path}/${id}`);
    await ada.api.post(`${path}/${id}/acknowledge`);
    await ada.api.post(`${path}/${id}/dismiss`);
    await space.root.post(`${path}/${id}/withdraw`);
  });
}
