/** The way into a makerspace for API tokens. */

import { directoryShardOf } from "../db/shards.ts";
import { SpaceStore } from "../db/store.ts";
import { describeError, log } from "../log.ts";
import { problem } from "../problem.ts";
import { type Actor, Space } from "../space.ts";
import { MINUTE } from "../time.ts";
import type { ApiTokenGrant } from "./api-tokens.ts";
import { type AccessSources, fromDatabase, load, type OpenedSpace, refuseStanding, type SpaceRequest } from "./load.ts";
import type { Membership, SpaceSettings } from "./membership.ts";
import { Access } from "./permissions.ts";
import type { ApiTokenPrincipal } from "./principal.ts";

/** The use of a token is written down this often. */
const USE_NOTED_EVERY_MS = 10 * MINUTE;

/** What a valid token stands for in its makerspace. */
export interface OpenedToken {
  store: SpaceStore;
  grant: ApiTokenGrant;
  /** The member it acts as; null for a service account. */
  membership: Membership | null;
  settings: SpaceSettings;
  facts: Record<string, unknown>;
}

/** A token without a living owner is as dead as one that was revoked. */
function isDead(
  { revoked_at, expires_at, account }: ApiTokenGrant,
  membership: Membership | null,
  now: number,
): boolean {
  if (revoked_at !== null || expires_at <= now) return true;
  return account ? account.disabled_at !== null : !membership || membership.status === "left";
}

/**
 * Reads what a token stands for now, with the facts of a route.
 * @throws unauthenticated when it was revoked or its service account is disabled; feature_disabled, membership_suspended, membership_pending
 */
export async function openToken(
  token: ApiTokenPrincipal,
  request: Pick<SpaceRequest, "facts" | "params" | "request_id" | "now" | "defer">,
  sources: AccessSources,
): Promise<OpenedToken> {
  // authenticate() has just read the shard.
  const shard = await fromDatabase(directoryShardOf(token.makerspace_id), request.request_id);
  const store = new SpaceStore(token.makerspace_id, shard ?? "000");
  const { grant: build, membership: holder, used } = sources.tokens;
  const reads = { settings: sources.settings.settings, grant: build, membership: holder };
  const loaded = await fromDatabase(load(store, request, reads, { token_id: token.token_id }), request.request_id);
  const { grant, membership, settings, facts } = loaded;
  if (!grant || !settings || isDead(grant, membership, request.now)) {
    throw problem("unauthenticated", { detail: "This API token was revoked or has expired." });
  }
  if (!settings.sections.security.api_tokens) throw problem("feature_disabled", { detail: "API tokens are off here." });
  if (membership) refuseStanding(membership);
  if (request.now - (grant.last_used_at ?? 0) >= USE_NOTED_EVERY_MS) {
    const noted = used(store, grant.id, request.now).catch((error: unknown) => {
      log.warn("use_not_noted", { request_id: request.request_id, error: describeError(error) });
    });
    request.defer(noted);
  }
  return { store, grant, membership, settings, facts };
}

/** What a token may now: what it carries, and of that only what its owner may. */
export function accessOf({ grant, membership }: Pick<OpenedToken, "grant" | "membership">, now: number): Access {
  const { account, permissions } = grant;
  if (!account) return new Access(membership?.role ?? "user", membership?.duties ?? [], now, permissions);
  if (account.role !== null) return new Access(account.role, [], now, permissions);
  const both = permissions.filter((name) => account.permissions.includes(name));
  return new Access("service", [], now, both);
}

/** Opens the makerspace for an API token. @throws as openSpace */
export async function openForToken(
  token: ApiTokenPrincipal,
  request: SpaceRequest,
  sources: AccessSources,
): Promise<OpenedSpace> {
  if (token.makerspace_id !== request.makerspace_id) throw problem("not_found");
  const opened = await openToken(token, request, sources);
  const { store, grant, membership, settings, facts } = opened;
  const access = accessOf(opened, request.now);
  if (access.scope(request.permission, request.params.equipment_id) === "none") throw problem("forbidden");
  const actor: Actor = membership
    ? { kind: "member", id: membership.id, membership }
    : { kind: "service", id: grant.account?.id ?? "", membership: null };
  return { space: new Space({ ...request, id: request.makerspace_id, store, actor, access, settings }), facts };
}
