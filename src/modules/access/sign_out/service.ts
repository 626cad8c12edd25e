/** Signing out, by oneself or by the issuer's word: tokens are refused from the next request on, sockets close at once. */

import {
  type Denial,
  denialsOf,
  deny,
  LogoutReplayed,
  personDenial,
  signInDenial,
  type Visit,
} from "../../../platform/access/denylist.ts";
import { type LoggedOut, verifyLogoutToken } from "../../../platform/access/logout-tokens.ts";
import { directoryShardOf } from "../../../platform/db/shards.ts";
import { SpaceStore } from "../../../platform/db/store.ts";
import { describeError, log } from "../../../platform/log.ts";
import { problem } from "../../../platform/problem.ts";
import type { Caller, Visitor } from "../../../platform/route.ts";
import { systemSpace } from "../../../platform/system-space.ts";
import type { AccessEffects } from "../port.ts";

type Work = Pick<Visitor, "request_id" | "now">;

const TRIES = 3;

/** Closes the sockets of one visit; a board that does not answer is asked again. What stays open ends by itself within ten minutes. */
async function endVisit({ makerspace_id, viewer_id }: Visit, work: Work, effects: AccessEffects): Promise<void> {
  const shard = await directoryShardOf(makerspace_id);
  if (shard === null) return;
  const space = systemSpace(new SpaceStore(makerspace_id, shard), null, { actor_id: "sign_out", ...work });
  for (let attempt = 1; ; attempt += 1) {
    try {
      await effects.closeSockets(space, viewer_id);
      return;
    } catch (error) {
      log.warn("sockets_left_open", { request_id: work.request_id, attempt, error: describeError(error) });
      if (attempt >= TRIES) return;
    }
  }
}

/** Signs the caller out: this sign-in, or everything so far. */
export async function signOut(
  { principal, request_id, now }: Caller,
  everywhere: boolean,
  effects: AccessEffects,
): Promise<void> {
  const { user_id } = principal;
  const entries: Denial[] = denialsOf(principal, now);
  // A token that names neither session nor itself can only go with all the others.
  if (everywhere || entries.length === 0) entries.push(personDenial(user_id, now));
  const visits = await deny(entries, { user_id }, now);
  await Promise.all(visits.map((visit) => endVisit(visit, { request_id, now }, effects)));
}

function denialsBy(
  { user_id, sid }: LoggedOut,
  now: number,
): { entries: Denial[]; who: { user_id: string } | { sid: string } } {
  if (sid !== null) return { entries: [signInDenial(sid, now)], who: user_id === null ? { sid } : { user_id } };
  const person = user_id ?? "";
  return { entries: [personDenial(person, now)], who: { user_id: person } };
}

/**
 * Takes an issuer's logout token.
 * @throws invalid_logout_token when it breaks the rules or was taken before; unavailable without the issuer's keys
 */
export async function takeLogoutToken(
  { request_id, now }: Visitor,
  token: string,
  effects: AccessEffects,
): Promise<void> {
  const found = await verifyLogoutToken(token, now);
  const { issuer, jti, expires_at } = found;
  const { entries, who } = denialsBy(found, now);
  const visits = await deny(entries, who, now, { issuer, jti, expires_at }).catch((error: unknown) => {
    if (error instanceof LogoutReplayed) throw problem("invalid_logout_token", { detail: "It was taken before." });
    throw error;
  });
  await Promise.all(visits.map((visit) => endVisit(visit, { request_id, now }, effects)));
}
