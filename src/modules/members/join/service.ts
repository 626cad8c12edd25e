/** Self-registration: a signed-in person asks to belong, and staff or a setting say yes. */

import type { z } from "@hono/zod-openapi";
import { eq, or, type SQL } from "drizzle-orm";
import { Access } from "../../../platform/access/permissions.ts";
import { write } from "../../../platform/db/commit.ts";
import { directoryShardOf } from "../../../platform/db/shards.ts";
import { SpaceStore } from "../../../platform/db/store.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Caller } from "../../../platform/route.ts";
import { loadSettings } from "../../../platform/settings/load.ts";
import { Space } from "../../../platform/space.ts";
import { refuseBanned } from "../bans/guard.ts";
import { notBeingErased } from "../erasure/guard.ts";
import type { Member } from "../people/contract.ts";
import { moveMember } from "../people/moves.ts";
import { indexMembership, memberColumns, membershipSource, toMemberRow } from "../people/reads.ts";
import { blankMember } from "../people/service.ts";
import { columnsOf, type MemberRow, viewOneself } from "../people/view.ts";
import { members } from "../tables.ts";
import type { JoinInput } from "./contract.ts";

type View = z.output<typeof Member>;

/** @throws not_found */
async function storeOf(makerspace_id: string): Promise<SpaceStore> {
  const shard = await directoryShardOf(makerspace_id);
  if (shard === null) throw problem("not_found");
  return new SpaceStore(makerspace_id, shard);
}

/** The makerspace, with the newcomer as who acts. */
const spaceAs = ({ request_id, now, defer }: Caller, store: SpaceStore, member_id: string): Space =>
  new Space({
    id: store.makerspace_id,
    store,
    actor: { kind: "member", id: member_id, membership: null },
    access: new Access("user", [], now),
    settings: null,
    request_id,
    now,
    defer,
  });

async function find(store: SpaceStore, condition: SQL | undefined): Promise<MemberRow[]> {
  const rows = await store.db.select(memberColumns).from(members).where(store.in(members, condition));
  return rows.map(toMemberRow);
}

/** Names out of the body, or out of the sign-in. @throws invalid_body without any */
function namesOf({ principal }: Caller, input: z.output<typeof JoinInput>): { first_name: string; last_name: string } {
  const [first = "", ...rest] = (principal.name ?? "").trim().split(/\s+/);
  const first_name = input.first_name ?? first.slice(0, 120);
  if (first_name === "") {
    throw problem("invalid_body", {
      errors: [{ pointer: "/first_name", code: "required", detail: "say who you are" }],
    });
  }
  const last_name = input.last_name ?? (input.first_name === undefined ? rest.join(" ").slice(0, 120) : "");
  return { first_name, last_name };
}

/** Who left asks again, as anybody would: staff decide, whatever the setting says of newcomers. */
async function comeBack(space: Space, row: MemberRow, user_id: string): Promise<View> {
  const notBanned = await refuseBanned(space.store, { email: row.email, user_id }, space.now);
  const { view } = await moveMember(space, row.id, () => ({
    step: "rejoin",
    to: "pending",
    action: "member.asked_to_join",
    set: { left_at: null, suspended_at: null, suspended_by: null, user_id, role: "user" },
    events: [{ type: "member.joined", data: { status: "pending" } }],
    writes: [notBanned, notBeingErased(space.store, [row.id])],
  }));
  await indexMembership(user_id, space.id, row.id).catch(() => undefined);
  return view;
}

async function register(space: Space, row: MemberRow): Promise<View> {
  await space.commit(
    {
      action: "member.joined",
      subject: { type: "member", id: row.id, version: 1 },
      after: { role: row.role, status: row.status },
      events: [{ type: "member.joined", data: { status: row.status } }],
    },
    write(space.db.insert(members).values(columnsOf(row)), {
      unique: { "members.user_id": "already_member", "members.email": "email_taken" },
    }),
    await refuseBanned(space.store, row, space.now),
  );
  return viewOneself(row);
}

/**
 * Asks to belong to a makerspace. Who was added or invited with this verified address comes in at once; otherwise the settings decide.
 * @throws not_found, email_unverified, already_member, banned, email_taken, feature_disabled, invalid_body
 */
export async function joinMakerspace(
  caller: Caller,
  makerspace_id: string,
  input: z.output<typeof JoinInput>,
): Promise<View> {
  const { user_id, email } = caller.principal;
  const store = await storeOf(makerspace_id);
  if (email === null) throw problem("email_unverified");
  const known = await find(store, or(eq(members.user_id, user_id), eq(members.email, email)));
  const mine = known.find((row) => row.user_id === user_id);
  if (mine && mine.status !== "left") throw problem("already_member");
  const waiting = known.find((row) => row.user_id === null && row.status !== "left");
  if (!mine && waiting) {
    await membershipSource.claim(store, user_id, email, caller.now);
    const [linked] = await find(store, eq(members.user_id, user_id));
    if (linked) return viewOneself(linked);
  }
  const { access } = await loadSettings(store);
  if (!access.public_registration) throw problem("feature_disabled");
  const gone = mine ?? known.find((row) => row.user_id === null);
  if (gone) return comeBack(spaceAs(caller, store, gone.id), gone, user_id);
  const space = spaceAs(caller, store, newId());
  const row = blankMember(space, {
    id: space.actor.id,
    user_id,
    email,
    ...namesOf(caller, input),
    role: "user",
    status: access.auto_approve_members ? "active" : "pending",
  });
  const view = await register(space, row).catch(async (error: unknown) => {
    // Of the two constraints that a second click breaks, SQLite names either.
    const [already] = await find(store, eq(members.user_id, user_id));
    throw already ? problem("already_member") : error;
  });
  // The event repeats it, should the directory be away now.
  await indexMembership(user_id, makerspace_id, view.id).catch(() => undefined);
  return view;
}
