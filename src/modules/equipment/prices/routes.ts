import { spaceRoute } from "../../../platform/route.ts";
import { callerFacts } from "../applicants.ts";
import { machineFact } from "../machines/index.ts";
import { EstimateInput, PriceEstimate } from "./contract.ts";
import { estimatePrice } from "./service.ts";

export const priceRoutes = [
  spaceRoute(
    {
      operation_id: "estimate_price",
      tag: "equipment",
      method: "post",
      path: "/equipment/{equipment_id}/estimate",
      summary: "What a time on a machine would cost, line by line; nothing is booked",
      description: "The same function prices bookings and settles them. A walk-up costs what its time costs.",
      permission: "equipment.read",
      facts: { machine: machineFact, ...callerFacts },
      body: EstimateInput,
      response: PriceEstimate,
      problems: ["unknown_reference", "booking_refused"],
    },
    (space, { facts, body }) => estimatePrice(space, facts, body),
  ),
];
