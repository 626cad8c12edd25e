/** Oneself, across makerspaces. */

import { eq, inArray, sql } from "drizzle-orm";
import { accessOf, type OpenedToken } from "../../../platform/access/open-token.ts";
import { directory, shardOf } from "../../../platform/db/driver.ts";
import { makerspaces, membershipIndex, principals } from "../../../platform/db/tables.ts";
import type { Caller } from "../../../platform/route.ts";
import { toIso } from "../../../platform/time.ts";
import { members } from "../tables.ts";

/** Where a person belongs, as the directory indexes it. */
export interface Belonging {
  makerspace_id: string;
  member_id: string;
  shard: string;
}

/** The makerspaces of a user, oldest first; at most 100 (a worker runs a thousand statements, and a list takes eight for each). */
export const belongings = (user_id: string): Promise<Belonging[]> =>
  directory()
    .select({
      makerspace_id: membershipIndex.makerspace_id,
      member_id: membershipIndex.member_id,
      shard: makerspaces.shard,
    })
    .from(membershipIndex)
    .innerJoin(makerspaces, eq(makerspaces.id, membershipIndex.makerspace_id))
    .where(eq(membershipIndex.user_id, user_id))
    .orderBy(membershipIndex.makerspace_id)
    .limit(100);

/** Runs a read once per database that holds some of the belongings, for those makerspaces only. */
export async function acrossShards<T>(
  belonging: readonly Belonging[],
  read: (db: ReturnType<typeof shardOf>["db"], mine: readonly Belonging[]) => Promise<T[]>,
): Promise<T[]> {
  const byShard = Map.groupBy(belonging, (one) => one.shard);
  const found = await Promise.all(
    [...byShard].map(([shard, mine]) =>
      read(
        shardOf(
          shard,
          mine.map((one) => one.makerspace_id),
        ).db,
        mine,
      ),
    ),
  );
  return found.flat();
}

async function rememberPrincipal({ principal, now }: Caller): Promise<void> {
  const { user_id, issuer, subject, email, name } = principal;
  await directory()
    .insert(principals)
    .values({ user_id, issuer, subject, email, name, created_at: now, updated_at: now })
    .onConflictDoUpdate({ target: principals.user_id, set: { email, name, updated_at: now } });
}

/** The caller and their memberships. */
export async function readMe(caller: Caller) {
  const { principal } = caller;
  caller.defer(rememberPrincipal(caller));
  const memberships = await acrossShards(await belongings(principal.user_id), (db, mine) => {
    const ids = JSON.stringify(mine.map((one) => one.makerspace_id));
    return db
      .select({
        makerspace_id: members.makerspace_id,
        member_id: members.id,
        role: members.role,
        status: members.status,
      })
      .from(members)
      .where(
        sql`${inArray(members.makerspace_id, sql`(SELECT value FROM json_each(${ids}))`)} AND ${members.user_id} = ${principal.user_id}`,
      );
  });
  const { user_id, email, name, super_admin } = principal;
  return { user_id, email, name, super_admin, memberships };
}

/** What an API token is and may now: no address, no name of its person. */
export function readTokenMe({ grant, membership, store }: OpenedToken, { now }: { now: number }) {
  const { account } = grant;
  const { makerspace_id } = store;
  const access = accessOf({ grant, membership }, now);
  return {
    user_id: membership?.user_id ?? `service:${account?.id ?? ""}`,
    email: null,
    name: account?.name ?? null,
    super_admin: false,
    memberships: membership
      ? [{ makerspace_id, member_id: membership.id, role: membership.role, status: membership.status }]
      : [],
    api_token: {
      id: grant.id,
      name: grant.name,
      makerspace_id,
      permissions: grant.permissions.filter((name) => access.has(name)),
      expires_at: toIso(grant.expires_at),
      member_id: membership?.id ?? null,
      service_account: account && { id: account.id, name: account.name },
    },
  };
}
