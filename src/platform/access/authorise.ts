/** From a request to a Space: token → one trip to D1 (directory and makerspace in parallel) → 401, 404, 403. */

import { directoryShardOf } from "../db/shards.ts";
import { SpaceStore } from "../db/store.ts";
import { describeError, log } from "../log.ts";
import { problem } from "../problem.ts";
import { Space } from "../space.ts";
import { HOUR } from "../time.ts";
import { claimsApiToken, findApiToken } from "./api-tokens.ts";
import { checkDenylist } from "./denylist.ts";
import { type AccessSources, fromDatabase, load, type OpenedSpace, refuseStanding, type SpaceRequest } from "./load.ts";
import type { Membership, MembershipSource } from "./membership.ts";
import { openForToken } from "./open-token.ts";
import { Access } from "./permissions.ts";
import type { Principal, TabletPrincipal, UserPrincipal } from "./principal.ts";
import { verifyAccessToken } from "./tokens.ts";

export type { AccessSources, FactReads, TabletVerifier } from "./load.ts";

const DEVICE_TOKEN = /^mct_/;

/** Who sent this request. @throws unauthenticated; unavailable when whoever knows the token does not answer */
export async function authenticate(
  header: string | undefined,
  sources: AccessSources,
  now: number,
): Promise<Principal> {
  const token = /^Bearer ([A-Za-z0-9._~+/=-]{16,8192})$/.exec(header ?? "")?.[1];
  if (token === undefined) throw problem("unauthenticated");
  if (claimsApiToken(token)) return authenticateApiToken(token, now);
  if (!DEVICE_TOKEN.test(token)) return verifyAccessToken(token, now);
  const tablet = await sources.tablet(token).catch((error: unknown) => {
    log.error("tablet_unverified", { error: describeError(error) });
    throw problem("unavailable", { retry_after: 2 });
  });
  if (!tablet) throw problem("unauthenticated", { detail: "This tablet was revoked, or its token is unknown." });
  return tablet;
}

async function authenticateApiToken(token: string, now: number): Promise<Principal> {
  const found = await findApiToken(token, now).catch((error: unknown) => {
    log.error("api_token_unverified", { error: describeError(error) });
    throw problem("unavailable", { retry_after: 2 });
  });
  if (!found) throw problem("unauthenticated", { detail: "This API token is unknown, was revoked or has expired." });
  return found;
}

/** Refuses tokens that were signed out. @throws unauthenticated; unavailable when the directory does not answer */
export const refuseDenied = (principal: UserPrincipal, request_id: string, now: number): Promise<void> =>
  fromDatabase(checkDenylist(principal, now), request_id);

async function openForTablet(
  tablet: TabletPrincipal,
  request: SpaceRequest,
  sources: AccessSources,
): Promise<OpenedSpace> {
  if (tablet.makerspace_id !== request.makerspace_id) throw problem("not_found");
  const access = new Access("tablet", [], request.now);
  if (!request.tablets || access.scope(request.permission) === "none") throw problem("forbidden");
  const { equipment_id } = request.params;
  if (equipment_id !== undefined && !tablet.equipment_ids.includes(equipment_id)) throw problem("not_found");
  // Routes without facts never touch D1 for a tablet: it goes on with D1 down.
  const needsDatabase = Object.keys(request.facts).length > 0;
  const shard = needsDatabase ? await fromDatabase(directoryShardOf(request.makerspace_id), request.request_id) : "000";
  const store = new SpaceStore(request.makerspace_id, shard ?? "000");
  const { settings } = sources.settings;
  const loaded = needsDatabase
    ? await fromDatabase(load(store, request, { settings }, {}), request.request_id)
    : { settings: null, facts: {} };
  const actor = { kind: "tablet", id: tablet.tablet_id, membership: null } as const;
  return {
    space: new Space({ ...request, id: request.makerspace_id, store, actor, access, settings: loaded.settings }),
    facts: loaded.facts,
  };
}

/** To the hour: enough to see who still comes, too little to follow anybody through their day. */
function noteVisit(store: SpaceStore, membership: Membership, request: SpaceRequest, source: MembershipSource): void {
  const hour = Math.floor(request.now / HOUR) * HOUR;
  if (membership.last_seen_at >= hour) return;
  const noted = source.seen(store, membership.id, hour).catch((error: unknown) => {
    log.warn("visit_not_noted", { request_id: request.request_id, error: describeError(error) });
  });
  request.defer(noted);
}

async function openForUser(user: UserPrincipal, request: SpaceRequest, sources: AccessSources): Promise<OpenedSpace> {
  const shard = await fromDatabase(directoryShardOf(request.makerspace_id), request.request_id);
  const denied = refuseDenied(user, request.request_id, request.now);
  if (shard === null) {
    await denied;
    throw problem("not_found");
  }
  const store = new SpaceStore(request.makerspace_id, shard);
  const started = performance.now();
  const [, loaded] = await fromDatabase(
    Promise.all([
      denied,
      load(
        store,
        request,
        { settings: sources.settings.settings, membership: sources.membership.byUser },
        { user_id: user.user_id },
      ),
    ]),
    request.request_id,
  );
  let { membership } = loaded;
  if (!loaded.settings) throw problem("not_found");
  if (!membership && user.email !== null) {
    membership = await fromDatabase(
      sources.membership.claim(store, user.user_id, user.email, request.now),
      request.request_id,
    );
  }
  // Who left is a stranger again, also when they are a super_admin.
  if (membership?.status === "left") membership = null;
  if (!membership && !user.super_admin) throw problem("not_found");
  if (!user.super_admin && membership) refuseStanding(membership);
  const role = user.super_admin ? "super_admin" : (membership?.role ?? "user");
  const access = new Access(role, membership?.duties ?? [], request.now);
  // With a machine in the path, duties limited to that machine count; elsewhere only unlimited ones do.
  if (access.scope(request.permission, request.params.equipment_id) === "none") throw problem("forbidden");
  const actor = membership
    ? ({ kind: "member", id: membership.id, membership } as const)
    : ({ kind: "platform", id: user.user_id, membership: null } as const);
  const { settings } = loaded;
  const init = { ...request, id: request.makerspace_id, store, actor, access, settings, sign_in: user };
  const space = new Space(init);
  if (membership) noteVisit(store, membership, request, sources.membership);
  space.mark("authorise", performance.now() - started);
  return { space, facts: loaded.facts };
}

/**
 * Opens the makerspace for a principal.
 * @throws not_found when the makerspace does not exist or the caller does not belong to it; forbidden without the permission; unavailable when D1 does not answer.
 */
export function openSpace(principal: Principal, request: SpaceRequest, sources: AccessSources): Promise<OpenedSpace> {
  if (principal.kind === "tablet") return openForTablet(principal, request, sources);
  if (principal.kind === "api_token") return openForToken(principal, request, sources);
  return openForUser(principal, request, sources);
}
