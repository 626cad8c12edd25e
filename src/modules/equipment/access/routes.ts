import { spaceRoute } from "../../../platform/route.ts";
import { callerFacts } from "../applicants.ts";
import { machineFact } from "../machines/index.ts";
import { ExplainMachineQuery, ExplainQuery, Explanation } from "./contract.ts";
import { explainAccess, explainAnywhere } from "./service.ts";

export const accessRoutes = [
  spaceRoute(
    {
      operation_id: "explain_equipment_access",
      tag: "equipment",
      method: "get",
      path: "/equipment/{equipment_id}/access/explain",
      summary: "Whether somebody may book a time, and everything that says no; nothing is booked",
      permission: "reservations.create",
      facts: { machine: machineFact, ...callerFacts },
      query: ExplainQuery,
      response: Explanation,
      problems: ["unknown_reference", "booking_refused"],
    },
    (space, { facts, query }) => explainAccess(space, facts, query),
  ),
  spaceRoute(
    {
      operation_id: "explain_access",
      tag: "skills",
      method: "get",
      path: "/access/explain",
      summary:
        "The same for a machine that the query names: member, agreement, plan, hours, skills and the slot, rule by rule",
      permission: "reservations.create",
      query: ExplainMachineQuery,
      response: Explanation,
      problems: ["unknown_reference", "booking_refused"],
    },
    (space, { query }) => explainAnywhere(space, query),
  ),
];
