import { spaceRoute } from "../../../platform/route.ts";
import { LabelQuery } from "./contract.ts";
import { printLabels } from "./service.ts";

export const labelRoutes = [
  spaceRoute(
    {
      operation_id: "print_equipment_labels",
      tag: "equipment",
      method: "get",
      path: "/equipment/labels",
      summary: "Labels with QR codes for machines, as a page to print",
      permission: "equipment.manage",
      query: LabelQuery,
      download: true,
    },
    (space, { query }) => printLabels(space, query),
  ),
];
