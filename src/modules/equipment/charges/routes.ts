import { spaceRoute } from "../../../platform/route.ts";
import { machineFact } from "../machines/index.ts";
import { Settlement } from "./contract.ts";
import { readSettlement } from "./service.ts";

export const chargeRoutes = [
  spaceRoute(
    {
      operation_id: "get_reservation_settlement",
      tag: "equipment",
      method: "get",
      path: "/equipment/{equipment_id}/reservations/{reservation_id}/settlement",
      summary: "What a booking costs in the end, for its holder and staff; before the end, what it would cost",
      permission: "reservations.read",
      facts: { machine: machineFact },
      response: Settlement,
    },
    (space, { params, facts: { machine } }) => readSettlement(space, machine, params.reservation_id),
  ),
];
