import { Job } from "../ops/contract.ts";
import { spaceRoute } from "../route.ts";
import {
  AuditEntryInFull,
  AuditEntryPage,
  AuditExportInput,
  AuditQuery,
  AuditVerification,
  VerifyQuery,
} from "./contract.ts";
import { listAuditEntries, readAuditEntry, startExport, startVerification, verifyStretch } from "./service.ts";

const tag = "platform";
const job = { idempotency: "optional", status: 202, location: "/jobs/{id}", response: Job } as const;

export const auditRoutes = [
  spaceRoute(
    {
      operation_id: "list_audit_entries",
      tag,
      method: "get",
      path: "/audit",
      summary: "What happened: newest first, by actor, action or subject, in a range of time",
      permission: "audit.read",
      query: AuditQuery,
      response: AuditEntryPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listAuditEntries(space, query),
  ),
  // Before the entries: the router takes the first that fits.
  spaceRoute(
    {
      operation_id: "verify_audit",
      tag,
      method: "get",
      path: "/audit/verify",
      summary: "Check a stretch of the audit's chain; the first broken link is named",
      description: "Before an entry is sealed (about a minute) tampering with it cannot be detected.",
      permission: "audit.verify",
      query: VerifyQuery,
      response: AuditVerification,
    },
    (space, { query }) => verifyStretch(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_audit_entry",
      tag,
      method: "get",
      path: "/audit/{entry_id}",
      summary: "One entry with its link in the chain",
      permission: "audit.read",
      response: AuditEntryInFull,
    },
    (space, { params }) => readAuditEntry(space, params.entry_id),
  ),
  spaceRoute(
    {
      operation_id: "create_audit_verification",
      tag,
      method: "post",
      path: "/audit/verifications",
      summary: "Check the whole chain, as a job",
      permission: "audit.verify",
      ...job,
    },
    (space) => startVerification(space),
  ),
  spaceRoute(
    {
      operation_id: "create_audit_export",
      tag,
      method: "post",
      path: "/audit/exports",
      summary: "Write entries into a file, as a job; its link works for seven days",
      permission: "audit.export",
      body: AuditExportInput,
      ...job,
    },
    (space, { body }) => startExport(space, body),
  ),
];
