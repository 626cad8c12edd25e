import { FileReply, publicRoute, spaceRoute } from "../../../platform/route.ts";
import { CalendarFeed, CalendarFeedInput, CalendarFeedPage, CalendarFeedQuery, NewCalendarFeed } from "./contract.ts";
import { readCalendar } from "./reading.ts";
import {
  createCalendarFeed,
  listCalendarFeeds,
  readCalendarFeed,
  renewCalendarFeed,
  revokeCalendarFeed,
} from "./service.ts";

const tag = "equipment";
const one = "/calendar_feeds/{calendar_feed_id}";

export const calendarRoutes = [
  spaceRoute(
    {
      operation_id: "create_calendar_feed",
      tag,
      method: "post",
      path: "/calendar_feeds",
      summary: "Make an iCalendar feed; its secret address is shown this once",
      description:
        "It shows what its owner may see at the time of reading: their own bookings in full, those of others as busy times unless the owner is staff. It ends with the membership.",
      permission: "calendar_feeds.manage",
      body: CalendarFeedInput,
      no_store: true,
      status: 201,
      response: NewCalendarFeed,
      problems: ["unknown_reference", "too_many_calendar_feeds"],
    },
    (space, { body, origin }) => createCalendarFeed(space, body, origin),
  ),
  spaceRoute(
    {
      operation_id: "list_calendar_feeds",
      tag,
      method: "get",
      path: "/calendar_feeds",
      summary: "Calendar feeds, newest first: your own, or everybody's",
      permission: "calendar_feeds.read",
      query: CalendarFeedQuery,
      response: CalendarFeedPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listCalendarFeeds(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_calendar_feed",
      tag,
      method: "get",
      path: one,
      summary: "One calendar feed, without its address",
      permission: "calendar_feeds.read",
      response: CalendarFeed,
    },
    (space, { params }) => readCalendarFeed(space, params.calendar_feed_id),
  ),
  spaceRoute(
    {
      operation_id: "renew_calendar_feed",
      tag,
      method: "post",
      path: `${one}/renew`,
      summary: "Give a feed a new address; the old one is gone at once",
      permission: "calendar_feeds.manage",
      no_store: true,
      response: NewCalendarFeed,
      problems: ["conflict"],
    },
    (space, { params, origin }) => renewCalendarFeed(space, params.calendar_feed_id, origin),
  ),
  spaceRoute(
    {
      operation_id: "revoke_calendar_feed",
      tag,
      method: "delete",
      path: one,
      summary: "Revoke a calendar feed; its address is gone at once",
      permission: "calendar_feeds.manage",
      status: 204,
    },
    (space, { params }) => revokeCalendarFeed(space, params.calendar_feed_id),
  ),
  publicRoute(
    {
      operation_id: "read_calendar",
      tag,
      method: "get",
      path: "/api/v1/makerspaces/{makerspace_id}/calendars/{token}",
      summary: "A calendar feed (RFC 5545), by its secret address",
      description: "A month back and a year ahead, at most 2,000 bookings, cancelled ones marked as such.",
      public_because: "Calendar programs cannot sign in: the address is the credential, revocable, stored as a digest.",
      download: true,
      problems: ["not_found", "link_expired"],
    },
    async ({ now }, { params }) => {
      const { name, text } = await readCalendar(params.makerspace_id, params.token, now);
      const bytes = new TextEncoder().encode(text);
      const file = { filename: `${name}.ics`, content_type: "text/calendar; charset=utf-8", size: bytes.byteLength };
      return new FileReply(new Blob([bytes]).stream(), file);
    },
  ),
];
