import { Job } from "../../../platform/ops/contract.ts";
import { startJob } from "../../../platform/ops/jobs.ts";
import { spaceRoute } from "../../../platform/route.ts";
import { MemberExportInput, MemberImportInput } from "./contract.ts";
import { importMembers } from "./import.ts";

const tag = "members";
const permission = "members.manage";

export const transferRoutes = [
  spaceRoute(
    {
      operation_id: "import_members",
      tag,
      method: "post",
      path: "/members/import",
      summary: "Add many members out of a CSV: a job whose file tells for each row what became of it",
      description:
        "Nobody is mailed: who signs in with a verified address of the file is that member. To mail, invite.",
      permission,
      body: MemberImportInput,
      body_limit: 4 * 1024 * 1024,
      idempotency: "optional",
      status: 202,
      location: "/jobs/{id}",
      response: Job,
    },
    (space, { body }) => importMembers(space, body),
  ),
  spaceRoute(
    {
      operation_id: "export_members",
      tag,
      method: "post",
      path: "/members/export",
      summary: "All members as a CSV: a job whose file the import reads",
      permission,
      body: MemberExportInput,
      idempotency: "optional",
      status: 202,
      location: "/jobs/{id}",
      response: Job,
    },
    (space) => startJob(space, "export_members", {}),
  ),
];
