import { spaceRoute } from "../../../platform/route.ts";
import {
  ApproveSkillRequestInput,
  RejectSkillRequestInput,
  SkillRequest,
  SkillRequestInput,
  SkillRequestPage,
  SkillRequestQuery,
} from "./contract.ts";
import { approveRequest, listRequests, readRequest, rejectRequest, requestSkill, withdrawRequest } from "./service.ts";

const tag = "skills";
const one = "/skill_requests/{request_id}";

export const skillRequestRoutes = [
  spaceRoute(
    {
      operation_id: "request_skill",
      tag,
      method: "post",
      path: "/skill_requests",
      summary: "Ask to be certified for a skill; one request per skill waits at a time",
      permission: "skills.request",
      body: SkillRequestInput,
      idempotency: "optional",
      status: 201,
      response: SkillRequest,
      problems: ["unknown_reference", "request_open", "file_unusable", "too_many_files"],
    },
    (space, { body }) => requestSkill(space, body),
  ),
  spaceRoute(
    {
      operation_id: "list_skill_requests",
      tag,
      method: "get",
      path: "/skill_requests",
      summary: "Requests to be certified, newest first; members see their own",
      permission: "skill_requests.read",
      query: SkillRequestQuery,
      response: SkillRequestPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listRequests(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_skill_request",
      tag,
      method: "get",
      path: one,
      summary: "One request; members see their own",
      permission: "skill_requests.read",
      response: SkillRequest,
    },
    (space, { params }) => readRequest(space, params.request_id),
  ),
  spaceRoute(
    {
      operation_id: "approve_skill_request",
      tag,
      method: "post",
      path: `${one}/approve`,
      summary: "Approve a request: the member is certified, with what was seen of them",
      permission: "skills.certify",
      body: ApproveSkillRequestInput,
      body_optional: true,
      idempotency: "optional",
      response: SkillRequest,
      problems: ["illegal_transition", "self_certification", "prerequisite_missing", "unknown_reference", "conflict"],
    },
    (space, { params, body }) => approveRequest(space, params.request_id, body),
  ),
  spaceRoute(
    {
      operation_id: "reject_skill_request",
      tag,
      method: "post",
      path: `${one}/reject`,
      summary: "Decline a request",
      permission: "skills.certify",
      body: RejectSkillRequestInput,
      body_optional: true,
      idempotency: "optional",
      response: SkillRequest,
      problems: ["illegal_transition"],
    },
    (space, { params, body }) => rejectRequest(space, params.request_id, body.note ?? null),
  ),
  spaceRoute(
    {
      operation_id: "withdraw_skill_request",
      tag,
      method: "post",
      path: `${one}/withdraw`,
      summary: "Take one's own request back",
      permission: "skills.request",
      idempotency: "optional",
      response: SkillRequest,
      problems: ["illegal_transition"],
    },
    (space, { params }) => withdrawRequest(space, params.request_id),
  ),
];
