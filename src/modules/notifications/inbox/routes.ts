import { platformRoute, spaceRoute } from "../../../platform/route.ts";
import { Notification, NotificationPage, NotificationQuery, ReadAllInput, UnreadCount } from "./contract.ts";
import { countMyUnread, listMyNotifications, listNotifications } from "./lists.ts";
import { archiveNotification, markRead, markUnread, readAll, readNotification, unreadCount } from "./service.ts";

const tag = "notifications";
const permission = "notifications.read";
const own = { tag, permission } as const;

export const inboxRoutes = [
  platformRoute(
    {
      operation_id: "list_my_notifications",
      tag,
      method: "get",
      path: "/api/v1/me/notifications",
      summary: "Your notifications in every makerspace, newest first",
      allow: { signed_in: "They are one's own." },
      query: NotificationQuery,
      response: NotificationPage,
      problems: ["invalid_cursor"],
    },
    (caller, { query }) => listMyNotifications(caller, query),
  ),
  platformRoute(
    {
      operation_id: "count_my_unread_notifications",
      tag,
      method: "get",
      path: "/api/v1/me/notifications/unread",
      summary: "How many notifications you have not read, in every makerspace together",
      allow: { signed_in: "They are one's own." },
      response: UnreadCount,
    },
    (caller) => countMyUnread(caller),
  ),
  spaceRoute(
    {
      ...own,
      operation_id: "list_notifications",
      method: "get",
      path: "/notifications",
      summary: "Your notifications, newest first",
      query: NotificationQuery,
      response: NotificationPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listNotifications(space, query),
  ),
  spaceRoute(
    {
      ...own,
      operation_id: "count_unread_notifications",
      method: "get",
      path: "/notifications/unread",
      summary: "How many notifications you have not read",
      response: UnreadCount,
    },
    (space) => unreadCount(space),
  ),
  spaceRoute(
    {
      ...own,
      operation_id: "read_all_notifications",
      method: "post",
      path: "/notifications/read_all",
      summary: "Mark all notifications as read, or those up to one",
      body: ReadAllInput,
      body_optional: true,
      response: UnreadCount,
    },
    (space, { body }) => readAll(space, body.up_to),
  ),
  spaceRoute(
    {
      ...own,
      operation_id: "get_notification",
      method: "get",
      path: "/notifications/{notification_id}",
      summary: "One notification",
      response: Notification,
    },
    (space, { params }) => readNotification(space, params.notification_id),
  ),
  spaceRoute(
    {
      ...own,
      operation_id: "read_notification",
      method: "post",
      path: "/notifications/{notification_id}/read",
      summary: "Mark a notification as read",
      response: Notification,
      problems: ["conflict"],
    },
    (space, { params }) => markRead(space, params.notification_id),
  ),
  spaceRoute(
    {
      ...own,
      operation_id: "unread_notification",
      method: "post",
      path: "/notifications/{notification_id}/unread",
      summary: "Mark a notification as unread",
      response: Notification,
      problems: ["conflict"],
    },
    (space, { params }) => markUnread(space, params.notification_id),
  ),
  spaceRoute(
    {
      ...own,
      operation_id: "archive_notification",
      method: "delete",
      path: "/notifications/{notification_id}",
      summary: "Put a notification away",
      description: "It stays in the archive (`archived=true`); reading it takes it back.",
      status: 204,
      problems: ["conflict"],
    },
    (space, { params }) => archiveNotification(space, params.notification_id),
  ),
];
