import { spaceRoute } from "../../../platform/route.ts";
import { NotificationPreferences, NotificationPreferencesPatch } from "./contract.ts";
import { changePreferences, readPreferences } from "./service.ts";

const base = {
  tag: "notifications",
  path: "/members/me/notification_preferences",
  permission: "notifications.read",
  response: NotificationPreferences,
} as const;

export const preferenceRoutes = [
  spaceRoute(
    {
      ...base,
      operation_id: "get_notification_preferences",
      method: "get",
      summary: "What you are told, and how: every type with its channels, quiet hours, digest",
    },
    (space) => readPreferences(space),
  ),
  spaceRoute(
    {
      ...base,
      operation_id: "update_notification_preferences",
      method: "patch",
      summary: "Say what you want to be told, by category or by type",
      body: NotificationPreferencesPatch,
      if_match: "optional",
      problems: ["conflict"],
    },
    (space, { body, if_match }) => changePreferences(space, if_match, body),
  ),
];
