import { spaceRoute } from "../../../platform/route.ts";
import { machineFact } from "../machines/service.ts";
import {
  AcknowledgeInput,
  DismissInput,
  FaultReport,
  FaultReportInput,
  FaultReportPage,
  FaultReportQuery,
  MachineFaultQuery,
  ResolveInput,
} from "./contract.ts";
import { listFaults, readFault } from "./reads.ts";
import { reportFault, stepFault } from "./service.ts";

const tag = "equipment";
const ofMachine = "/equipment/{equipment_id}/fault_reports";
const one = `${ofMachine}/{report_id}` as const;
const facts = { machine: machineFact };
const problems = ["illegal_transition", "conflict"] as const;

const memberRoutes = [
  spaceRoute(
    {
      operation_id: "report_fault",
      tag,
      method: "post",
      path: "/fault_reports",
      summary: "Report a fault of a machine, with photos; one of `safety` takes it out of use at once",
      permission: "fault_reports.create",
      body: FaultReportInput,
      idempotency: "optional",
      status: 201,
      response: FaultReport,
      problems: ["unknown_reference", "equipment_retired", "file_unusable", "too_many_files", "conflict"],
    },
    (space, { body }) => reportFault(space, body),
  ),
  spaceRoute(
    {
      operation_id: "list_fault_reports",
      tag,
      method: "get",
      path: "/fault_reports",
      summary: "Fault reports, newest first; members see their own",
      permission: "fault_reports.read",
      query: FaultReportQuery,
      response: FaultReportPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listFaults(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_fault_report",
      tag,
      method: "get",
      path: "/fault_reports/{report_id}",
      summary: "One fault report; members see their own",
      permission: "fault_reports.read",
      response: FaultReport,
    },
    (space, { params }) => readFault(space, params.report_id),
  ),
];

const staffRoutes = [
  spaceRoute(
    {
      operation_id: "list_equipment_fault_reports",
      tag,
      method: "get",
      path: ofMachine,
      summary: "Fault reports of a machine, newest first; members see their own",
      permission: "fault_reports.read",
      query: MachineFaultQuery,
      response: FaultReportPage,
      problems: ["invalid_cursor"],
    },
    (space, { params: { equipment_id }, query }) => listFaults(space, { ...query, equipment_id }),
  ),
  spaceRoute(
    {
      operation_id: "acknowledge_fault_report",
      tag,
      method: "post",
      path: `${one}/acknowledge`,
      summary: "Staff: the report has been seen",
      permission: "fault_reports.manage",
      facts,
      body: AcknowledgeInput,
      body_optional: true,
      response: FaultReport,
      problems,
    },
    (space, { facts: { machine }, params, body }) =>
      stepFault(space, machine, params.report_id, { step: "acknowledge", note: body.note }),
  ),
  spaceRoute(
    {
      operation_id: "resolve_fault_report",
      tag,
      method: "post",
      path: `${one}/resolve`,
      summary: "Staff: the fault is mended, and whether the machine can be used again",
      permission: "fault_reports.manage",
      facts,
      body: ResolveInput,
      response: FaultReport,
      problems,
    },
    (space, { facts: { machine }, params, body }) =>
      stepFault(space, machine, params.report_id, { step: "resolve", ...body }),
  ),
  spaceRoute(
    {
      operation_id: "dismiss_fault_report",
      tag,
      method: "post",
      path: `${one}/dismiss`,
      summary: "Staff: there is no fault, and why",
      permission: "fault_reports.manage",
      facts,
      body: DismissInput,
      response: FaultReport,
      problems,
    },
    (space, { facts: { machine }, params, body }) =>
      stepFault(space, machine, params.report_id, { step: "dismiss", note: body.note }),
  ),
];

export const faultReportRoutes = [...memberRoutes, ...staffRoutes];
