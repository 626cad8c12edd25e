/** What tokens and service accounts share: the limit of what one gives, and what goes with a revocation. */

import { forgetApiTokens } from "../../platform/access/api-tokens.ts";
import type { Permission } from "../../platform/access/permissions.ts";
import { describeError, log } from "../../platform/log.ts";
import { problem } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";
import type { AccessEffects } from "./port.ts";

/** @throws grant_exceeds_own naming each permission that is not ours to give */
export function refuseExcess(permissions: readonly Permission[], may: (name: Permission) => boolean): void {
  const errors = permissions.flatMap((name, index) =>
    may(name)
      ? []
      : [{ pointer: `/permissions/${index}`, code: "exceeds_own", detail: `${name} is not yours to give` }],
  );
  if (errors.length > 0) throw problem("grant_exceeds_own", { errors });
}

/** Tidies behind a revocation. The rows refuse the tokens already, so that a directory or board that is away delays nothing. */
export async function afterRevocation(
  space: Space,
  token_ids: readonly string[],
  viewer_id: string,
  effects: AccessEffects,
): Promise<void> {
  const done = await Promise.allSettled([forgetApiTokens(token_ids), effects.closeSockets(space, viewer_id)]);
  for (const result of done) {
    if (result.status === "fulfilled") continue;
    log.warn("revocation_incomplete", { request_id: space.request_id, error: describeError(result.reason) });
  }
}
