import { Job } from "../../../platform/ops/contract.ts";
import { startJob } from "../../../platform/ops/jobs.ts";
import { spaceRoute } from "../../../platform/route.ts";

export const reconciliationRoutes = [
  spaceRoute(
    {
      operation_id: "create_reconciliation",
      tag: "equipment",
      method: "post",
      path: "/reconciliations",
      summary: "Compare every machine's object with the lists, and mend the lists",
      permission: "operations.manage",
      idempotency: "optional",
      status: 202,
      location: "/jobs/{id}",
      response: Job,
    },
    (space) => startJob(space, "reconcile", {}),
  ),
];
