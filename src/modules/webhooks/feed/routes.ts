import { spaceRoute } from "../../../platform/route.ts";
import { EventQuery, PublicEventPage } from "./contract.ts";
import { listEvents } from "./service.ts";

export const feedRoutes = [
  spaceRoute(
    {
      operation_id: "list_events",
      tag: "notifications",
      method: "get",
      path: "/events",
      summary: "What happened in the last thirty days, oldest first: what webhooks carry, to be read again",
      permission: "events.read",
      query: EventQuery,
      response: PublicEventPage,
      problems: ["events_gone"],
    },
    (space, { query }) => listEvents(space, query),
  ),
];
