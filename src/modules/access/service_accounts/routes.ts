import { spaceRoute } from "../../../platform/route.ts";
import type { AccessEffects } from "../port.ts";
import {
  ServiceAccount,
  ServiceAccountInput,
  ServiceAccountPage,
  ServiceAccountPatch,
  ServiceAccountQuery,
} from "./contract.ts";
import {
  changeServiceAccount,
  createServiceAccount,
  disableServiceAccount,
  listServiceAccounts,
  readServiceAccount,
} from "./service.ts";

const tag = "members";

export const serviceAccountRoutes = (effects: AccessEffects) => [
  spaceRoute(
    {
      operation_id: "create_service_account",
      tag,
      method: "post",
      path: "/service_accounts",
      summary: "Add a service account, with a role or with single permissions",
      description:
        "It belongs to the makerspace and outlives whoever made it. Its tokens are made with create_api_token.",
      permission: "service_accounts.manage",
      body: ServiceAccountInput,
      idempotency: "optional",
      status: 201,
      response: ServiceAccount,
      problems: ["grant_exceeds_own", "code_taken"],
    },
    (space, { body }) => createServiceAccount(space, body),
  ),
  spaceRoute(
    {
      operation_id: "list_service_accounts",
      tag,
      method: "get",
      path: "/service_accounts",
      summary: "Service accounts, newest first",
      permission: "service_accounts.read",
      query: ServiceAccountQuery,
      response: ServiceAccountPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listServiceAccounts(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_service_account",
      tag,
      method: "get",
      path: "/service_accounts/{service_account_id}",
      summary: "One service account",
      permission: "service_accounts.read",
      response: ServiceAccount,
    },
    (space, { params }) => readServiceAccount(space, params.service_account_id),
  ),
  spaceRoute(
    {
      operation_id: "update_service_account",
      tag,
      method: "patch",
      path: "/service_accounts/{service_account_id}",
      summary: "Change a service account; its tokens follow with their next request",
      permission: "service_accounts.manage",
      body: ServiceAccountPatch,
      if_match: "optional",
      response: ServiceAccount,
      problems: ["grant_exceeds_own", "code_taken", "conflict", "illegal_transition"],
    },
    (space, { params, body, if_match }) => changeServiceAccount(space, params.service_account_id, if_match, body),
  ),
  spaceRoute(
    {
      operation_id: "disable_service_account",
      tag,
      method: "delete",
      path: "/service_accounts/{service_account_id}",
      summary: "Disable a service account for good; its tokens are revoked",
      permission: "service_accounts.manage",
      status: 204,
      problems: ["conflict"],
    },
    (space, { params }) => disableServiceAccount(space, params.service_account_id, effects),
  ),
];
