import { env } from "cloudflare:workers";
import { objectOf } from "../../../platform/objects.ts";
import { socketRoute, spaceRoute } from "../../../platform/route.ts";
import { LiveTicket } from "./contract.ts";
import { watchFloor, watchMachine } from "./service.ts";

const tag = "equipment";
const socket =
  "A WebSocket: a snapshot, then numbered events; send {type: resume, seq} for what was missed, the text ping for pong.";

export const watchRoutes = [
  spaceRoute(
    {
      operation_id: "create_equipment_live_ticket",
      tag,
      method: "post",
      path: "/equipment/{equipment_id}/live_tickets",
      summary: "A ticket for the live socket of a machine",
      description: socket,
      permission: "live.watch",
      tablets: true,
      status: 201,
      response: LiveTicket,
    },
    (space, { params, origin }) => watchMachine(space, params.equipment_id, origin),
  ),
  spaceRoute(
    {
      operation_id: "create_floor_live_ticket",
      tag,
      method: "post",
      path: "/floor/live_tickets",
      summary: "A ticket for the live board of the makerspace",
      description: socket,
      permission: "live.watch",
      tablets: true,
      status: 201,
      response: LiveTicket,
    },
    (space, { origin, principal }) =>
      watchFloor(space, origin, principal.kind === "tablet" ? principal.equipment_ids : null),
  ),
  socketRoute(
    {
      operation_id: "watch_equipment",
      tag,
      path: "/live/{makerspace_id}/equipment/{equipment_id}",
      summary: "The live socket of a machine",
      description: socket,
    },
    ({ makerspace_id, equipment_id }) => objectOf(env.EQUIPMENT, makerspace_id, equipment_id),
  ),
  socketRoute(
    {
      operation_id: "watch_floor",
      tag,
      path: "/live/{makerspace_id}/floor",
      summary: "The live board of the makerspace, with what is for oneself alone",
      description: socket,
    },
    ({ makerspace_id }) => objectOf(env.FLOOR, makerspace_id, "floor"),
  ),
];
