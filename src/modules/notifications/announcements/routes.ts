import { spaceRoute } from "../../../platform/route.ts";
import {
  Announcement,
  AnnouncementInput,
  AnnouncementPage,
  AnnouncementPatch,
  AnnouncementQuery,
  PublishInput,
} from "./contract.ts";
import { listAnnouncements, readAnnouncement } from "./lists.ts";
import {
  acknowledge,
  createAnnouncement,
  dismiss,
  publishAnnouncement,
  updateAnnouncement,
  withdrawAnnouncement,
} from "./service.ts";

const read = { tag: "notifications", permission: "announcements.read" } as const;
const manage = { tag: "notifications", permission: "announcements.manage" } as const;
const one = "/announcements/{announcement_id}";
const step = { method: "post", response: Announcement, problems: ["illegal_transition", "conflict"] } as const;

export const announcementRoutes = [
  spaceRoute(
    {
      ...read,
      operation_id: "list_announcements",
      method: "get",
      path: "/announcements",
      summary: "Announcements that concern you now; for staff, by status, all of them",
      query: AnnouncementQuery,
      response: AnnouncementPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listAnnouncements(space, query),
  ),
  spaceRoute(
    {
      ...manage,
      operation_id: "create_announcement",
      method: "post",
      path: "/announcements",
      summary: "Write an announcement; nobody sees it yet",
      body: AnnouncementInput,
      idempotency: "optional",
      status: 201,
      response: Announcement,
      problems: ["unknown_reference"],
    },
    (space, { body }) => createAnnouncement(space, body),
  ),
  spaceRoute(
    {
      ...read,
      operation_id: "get_announcement",
      method: "get",
      path: one,
      summary: "One announcement; staff see how many have read it",
      response: Announcement,
    },
    (space, { params }) => readAnnouncement(space, params.announcement_id),
  ),
  spaceRoute(
    {
      ...manage,
      operation_id: "update_announcement",
      method: "patch",
      path: one,
      summary: "Change an announcement",
      body: AnnouncementPatch,
      if_match: "optional",
      response: Announcement,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params, body, if_match }) => updateAnnouncement(space, params.announcement_id, if_match, body),
  ),
  spaceRoute(
    {
      ...manage,
      ...step,
      operation_id: "publish_announcement",
      path: `${one}/publish`,
      summary: "Tell those whom it concerns, now or later",
      body: PublishInput,
      body_optional: true,
    },
    (space, { params, body }) => publishAnnouncement(space, params.announcement_id, body),
  ),
  spaceRoute(
    {
      ...manage,
      ...step,
      operation_id: "withdraw_announcement",
      path: `${one}/withdraw`,
      summary: "Take an announcement back",
    },
    (space, { params }) => withdrawAnnouncement(space, params.announcement_id),
  ),
  spaceRoute(
    {
      ...read,
      ...step,
      operation_id: "acknowledge_announcement",
      path: `${one}/acknowledge`,
      summary: "Say that you have read it",
    },
    (space, { params }) => acknowledge(space, params.announcement_id),
  ),
  spaceRoute(
    {
      ...read,
      ...step,
      operation_id: "dismiss_announcement",
      path: `${one}/dismiss`,
      summary: "Put an announcement away",
    },
    (space, { params }) => dismiss(space, params.announcement_id),
  ),
];
