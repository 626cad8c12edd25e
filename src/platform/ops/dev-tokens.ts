/** Routes of the development issuer; src/app.ts adds them only where it is on. */

import { z } from "@hono/zod-openapi";
import { DEV_TOKEN_SECONDS, devIssuerJwks, issueDevToken } from "../access/dev-issuer.ts";
import { publicRoute } from "../route.ts";
import { DevToken, DevTokenInput } from "./contract.ts";

export const devTokenRoutes = [
  publicRoute(
    {
      operation_id: "create_dev_token",
      tag: "platform",
      method: "post",
      path: "/api/v1/dev/tokens",
      summary: "An access token for anybody (development only)",
      public_because: "It exists only where DEV_ISSUER is on, which production refuses.",
      body: DevTokenInput,
      status: 201,
      response: DevToken,
    },
    async (_visitor, { body }) => ({
      access_token: await issueDevToken(body),
      token_type: "Bearer" as const,
      expires_in: DEV_TOKEN_SECONDS,
    }),
  ),
  publicRoute(
    {
      operation_id: "get_dev_jwks",
      tag: "platform",
      method: "get",
      path: "/api/v1/dev/jwks.json",
      summary: "Public keys of the development issuer (development only)",
      public_because: "Public keys are public.",
      response: z.looseObject({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })) }).openapi("Jwks"),
    },
    async () => {
      const { keys } = await devIssuerJwks();
      return { keys: keys.map((key) => ({ ...key, kid: key.kid ?? "", kty: key.kty ?? "" })) };
    },
  ),
];
