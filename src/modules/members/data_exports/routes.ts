import { Job } from "../../../platform/ops/contract.ts";
import { spaceRoute } from "../../../platform/route.ts";
import { DataExportInput } from "./contract.ts";
import { startDataExport } from "./service.ts";

export const dataExportRoutes = [
  spaceRoute(
    {
      operation_id: "export_member_data",
      tag: "members",
      method: "post",
      path: "/members/{member_id}/data_exports",
      summary: "All that is held on a member, as a ZIP: a job whose link works for seven days",
      description:
        "The archive holds `data.json`, and under `files/` the documents that were handed in and what was uploaded; `file` of a row says which is its own. Every table of this makerspace and of the directory with something of the person, and what is withheld, with the reason. Ids of others, such as who decided, are left out. Staff notes about the person are in it. Who belongs to several makerspaces asks in each.",
      permission: "members.export",
      body: DataExportInput,
      idempotency: "optional",
      status: 202,
      location: "/jobs/{id}",
      response: Job,
      problems: ["illegal_transition"],
    },
    (space, { params }) => startDataExport(space, params.member_id),
  ),
];
