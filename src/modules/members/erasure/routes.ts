import { spaceRoute } from "../../../platform/route.ts";
import { Erasure, ErasureInput, ErasurePage, ErasureQuery } from "./contract.ts";
import type { ErasurePorts } from "./port.ts";
import { listErasures, readErasure, requestErasure, withdrawErasure } from "./service.ts";

const base = { tag: "members", permission: "members.erase" } as const;
const path = "/members/{member_id}/erasure";

export const erasureRoutes = (ports: ErasurePorts) => [
  spaceRoute(
    {
      ...base,
      operation_id: "erase_member",
      method: "post",
      path,
      summary: "Erase what is held on a member: oneself after seven days, others at once",
      description:
        "One's own request can be withdrawn for seven days. Then the member is a stranger, future bookings are cancelled, and a job deletes what is not needed and empties what has to stay; `kept` says on which ground and until when. Repeating the request changes nothing, and goes on with an erasure that got stuck. To keep somebody out, ban them before: the address is gone afterwards.",
      body: ErasureInput,
      body_optional: true,
      status: 202,
      location: "/members/{id}/erasure",
      response: Erasure,
      problems: ["erasure_blocked", "last_administrator", "payer_of_group", "illegal_transition", "conflict"],
    },
    (space, { params }) => requestErasure(space, params.member_id, ports),
  ),
  spaceRoute(
    {
      ...base,
      operation_id: "get_erasure",
      method: "get",
      path,
      summary: "How far an erasure is, and what it keeps",
      response: Erasure,
    },
    (space, { params }) => readErasure(space, params.member_id),
  ),
  spaceRoute(
    {
      ...base,
      operation_id: "withdraw_erasure",
      method: "delete",
      path,
      summary: "Take one's request for erasure back while it waits",
      status: 204,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => withdrawErasure(space, params.member_id),
  ),
  spaceRoute(
    {
      ...base,
      operation_id: "list_erasures",
      method: "get",
      path: "/erasures",
      summary: "Erasures and what they keep; with members.erase for all",
      query: ErasureQuery,
      response: ErasurePage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listErasures(space, query),
  ),
];
