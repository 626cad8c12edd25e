import { spaceRoute } from "../../../platform/route.ts";
import { Notification, NotificationPage, NotificationQuery } from "./contract.ts";
import { listNotifications, markRead, readNotification } from "./service.ts";

const tag = "notifications";
const permission = "notifications.read";

export const inboxRoutes = [
  spaceRoute(
    {
      operation_id: "list_notifications",
      tag,
      method: "get",
      path: "/notifications",
      summary: "Your notifications, newest first",
      permission,
      query: NotificationQuery,
      response: NotificationPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listNotifications(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_notification",
      tag,
      method: "get",
      path: "/notifications/{notification_id}",
      summary: "One notification",
      permission,
      response: Notification,
    },
    (space, { params }) => readNotification(space, params.notification_id),
  ),
  spaceRoute(
    {
      operation_id: "read_notification",
      tag,
      method: "post",
      path: "/notifications/{notification_id}/read",
      summary: "Mark a notification as read",
      permission,
      response: Notification,
    },
    (space, { params }) => markRead(space, params.notification_id),
  ),
];
