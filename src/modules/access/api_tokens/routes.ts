import { spaceRoute } from "../../../platform/route.ts";
import type { AccessEffects } from "../port.ts";
import { ApiToken, ApiTokenInput, ApiTokenPage, ApiTokenQuery, NewApiToken } from "./contract.ts";
import { createApiToken, listApiTokens, readApiToken, revokeApiToken } from "./service.ts";

const tag = "members";

export const apiTokenRoutes = (effects: AccessEffects) => [
  spaceRoute(
    {
      operation_id: "create_api_token",
      tag,
      method: "post",
      path: "/api_tokens",
      summary: "Make an API token; it is shown this once",
      description:
        "It acts as you, or as a service account, and may what it carries of what its owner may at the time. It stops with its owner, and opens no other makerspace. To others it gives what it carries itself, and what every member may: with `invites.manage` alone it brings in members, nobody above them.",
      permission: "tokens.manage",
      body: ApiTokenInput,
      no_store: true,
      status: 201,
      response: NewApiToken,
      problems: ["grant_exceeds_own", "unknown_reference"],
    },
    (space, { body }) => createApiToken(space, body),
  ),
  spaceRoute(
    {
      operation_id: "list_api_tokens",
      tag,
      method: "get",
      path: "/api_tokens",
      summary: "API tokens, newest first: your own, or everybody's",
      permission: "tokens.read",
      query: ApiTokenQuery,
      response: ApiTokenPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listApiTokens(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_api_token",
      tag,
      method: "get",
      path: "/api_tokens/{api_token_id}",
      summary: "One API token, without the token itself",
      permission: "tokens.read",
      response: ApiToken,
    },
    (space, { params }) => readApiToken(space, params.api_token_id),
  ),
  spaceRoute(
    {
      operation_id: "revoke_api_token",
      tag,
      method: "delete",
      path: "/api_tokens/{api_token_id}",
      summary: "Revoke an API token; its next request is refused",
      permission: "tokens.manage",
      status: 204,
    },
    (space, { params }) => revokeApiToken(space, params.api_token_id, effects),
  ),
];
