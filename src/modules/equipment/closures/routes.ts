import { spaceRoute } from "../../../platform/route.ts";
import { Closure, ClosureInput, ClosurePage, ClosurePatch, ClosureQuery } from "./contract.ts";
import { createClosure, deleteClosure, listClosures, readClosure, updateClosure } from "./service.ts";

const tag = "equipment";

export const closureRoutes = [
  spaceRoute(
    {
      operation_id: "create_closure",
      tag,
      method: "post",
      path: "/closures",
      summary: "Close the makerspace or a machine on some days, or open it at other hours",
      description:
        "Days are those of the makerspace's wall clock. Where closures of one kind overlap, only what all of them leave open is open; a machine is " +
        "open when the makerspace and the machine are. Bookings that exist stay as they are: an outage is what ends them.",
      permission: "equipment.manage",
      body: ClosureInput,
      idempotency: "optional",
      status: 201,
      response: Closure,
      problems: ["unknown_reference", "external_id_taken", "too_many_closures"],
    },
    (space, { body }) => createClosure(space, body),
  ),
  spaceRoute(
    {
      operation_id: "list_closures",
      tag,
      method: "get",
      path: "/closures",
      summary: "Closures and special hours, by their first day",
      permission: "equipment.read",
      query: ClosureQuery,
      response: ClosurePage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listClosures(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_closure",
      tag,
      method: "get",
      path: "/closures/{closure_id}",
      summary: "One closure",
      permission: "equipment.read",
      response: Closure,
    },
    (space, { params }) => readClosure(space, params.closure_id),
  ),
  spaceRoute(
    {
      operation_id: "update_closure",
      tag,
      method: "patch",
      path: "/closures/{closure_id}",
      summary: "Change a closure",
      permission: "equipment.manage",
      body: ClosurePatch,
      if_match: "required",
      response: Closure,
      problems: ["external_id_taken"],
    },
    (space, { params, body, if_match }) => updateClosure(space, params.closure_id, if_match, body),
  ),
  spaceRoute(
    {
      operation_id: "delete_closure",
      tag,
      method: "delete",
      path: "/closures/{closure_id}",
      summary: "Take a closure back",
      permission: "equipment.manage",
      status: 204,
    },
    (space, { params }) => deleteClosure(space, params.closure_id),
  ),
];
