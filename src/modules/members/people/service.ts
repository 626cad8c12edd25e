/** Members: added, changed, suspended and reactivated. */

import type { z } from "@hono/zod-openapi";
import { and, eq, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { MemberEffects } from "../port.ts";
import { memberDuties, members } from "../tables.ts";
import type { Member, MemberInput, MemberOrEntry, MemberPatch } from "./contract.ts";
import { findMember, indexMembership } from "./reads.ts";
import { type MemberRow, viewFor, viewMember } from "./view.ts";

type View = z.output<typeof Member>;

/**
 * Adds a member. Nobody grants a role or duty above their own.
 * @throws grant_exceeds_own, email_taken, already_member, external_id_taken
 */
export async function addMember(space: Space, input: z.output<typeof MemberInput>): Promise<View> {
  if (!space.access.covers(input.role, input.duties)) throw problem("grant_exceeds_own");
  const { duties, user_id, ...fields } = input;
  const row: MemberRow = space.store.row({
    ...fields,
    id: newId(),
    user_id: user_id ?? null,
    status: user_id === undefined ? ("pending" as const) : ("active" as const),
    status_reason: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
    duties,
  });
  const body = viewMember(row);
  const { duties: _, ...columns } = row;
  const grants = duties.map((grant) =>
    write(
      space.db
        .insert(memberDuties)
        .values(space.store.row({ ...grant, member_id: row.id, granted_by: space.actor.id, granted_at: space.now })),
    ),
  );
  await space.commit(
    {
      action: "member.added",
      subject: { type: "member", id: row.id, version: 1 },
      after: { role: row.role, status: row.status, duties },
      events: [{ type: "member.added", data: { user_id: row.user_id } }],
      answer: { status: 201, body },
    },
    write(space.db.insert(members).values(columns), {
      unique: {
        "members.user_id": "already_member",
        "members.email": "email_taken",
        "members.external_id": "external_id_taken",
      },
    }),
    ...grants,
  );
  // The event repeats it, should the directory be away now.
  if (row.user_id !== null) await indexMembership(row.user_id, space.id, row.id).catch(() => undefined);
  return body;
}

/** One member. @throws not_found */
export async function readMember(space: Space, id: string): Promise<z.output<typeof MemberOrEntry>> {
  const row = await findMember(space.store, id);
  const hidden = row && row.status !== "active" && row.id !== space.actor.id && space.scope("members.read") !== "any";
  if (!row || hidden) throw problem("not_found");
  return viewFor(space)(row);
}

async function required(space: Space, id: string): Promise<MemberRow> {
  const row = await findMember(space.store, id);
  if (!row) throw problem("not_found");
  return row;
}

/**
 * Merges fields. Without members.manage one changes oneself alone, and of that only whether tablets show one's name.
 * @throws not_found, forbidden, stale_version, external_id_taken
 */
export async function changeMember(
  space: Space,
  id: string,
  if_match: number | null,
  patch: z.output<typeof MemberPatch>,
): Promise<View> {
  const manages = space.scope("members.manage") === "any";
  const isOwnWish = id === space.actor.id && Object.keys(patch).every((name) => name === "hide_name");
  if (!manages && !isOwnWish)
    throw problem("forbidden", { detail: "Members change their own hide_name, nothing else." });
  const before = await required(space, id);
  if (if_match !== null && if_match !== before.version) throw problem("stale_version");
  const change = { ...definedOnly(patch), updated_at: space.now, version: before.version + 1 };
  const after: MemberRow = { ...before, ...change };
  // Names stay out of the audit log: it is kept for longer than a person may want to be known.
  const changed = Object.keys(definedOnly(patch));
  await space.commit(
    { action: "member.updated", subject: { type: "member", id, version: change.version }, after: { changed } },
    write(
      space.db
        .update(members)
        .set(change)
        .where(space.store.in(members, eq(members.id, id), eq(members.version, before.version))),
      {
        unique: { "members.external_id": "external_id_taken" },
        expect: if_match === null ? "conflict" : "stale_version",
      },
    ),
  );
  return viewMember(after);
}

/** Another active administrator is left: asked inside the batch, so that two demotions cannot both pass. */
const anotherAdministrator = (
  id: string,
  makerspace_id: string,
) => sql`(${members.role} <> 'makerspace_admin' OR EXISTS (
  SELECT 1 FROM ${members} other
  WHERE other.makerspace_id = ${makerspace_id} AND other.role = 'makerspace_admin' AND other.status = 'active' AND other.id <> ${id}))`;

/**
 * Suspends a member: it acts on their very next request, closes their sockets and cancels their future bookings.
 * @throws illegal_transition unless they are active; last_administrator; forbidden for oneself.
 */
export async function suspendMember(space: Space, id: string, reason: string, effects: MemberEffects): Promise<View> {
  const before = await required(space, id);
  if (before.id === space.actor.id) throw problem("forbidden", { detail: "Nobody suspends themselves." });
  if (before.status !== "active") throw problem("illegal_transition", { current_status: before.status });
  if (!space.access.covers(before.role, [])) throw problem("forbidden");
  const after: MemberRow = {
    ...before,
    status: "suspended",
    status_reason: reason,
    updated_at: space.now,
    version: before.version + 1,
  };
  const { status, status_reason, updated_at, version } = after;
  await space.commit(
    {
      action: "member.suspended",
      subject: { type: "member", id, version },
      before: { status: before.status },
      after: { status, status_reason },
      events: [{ type: "member.suspended", data: {} }],
      answer: { status: 200, body: viewMember(after) },
    },
    write(
      space.db
        .update(members)
        .set({ status, status_reason, updated_at, version })
        .where(
          and(
            space.store.in(members, eq(members.id, id), eq(members.status, "active")),
            anotherAdministrator(id, space.id),
          ),
        ),
      { expect: before.role === "makerspace_admin" ? "last_administrator" : "illegal_transition" },
    ),
  );
  await effects.suspended(space, id);
  return viewMember(after);
}

/** Lets a suspended member back in; bookings that were cancelled stay cancelled. @throws illegal_transition */
export async function reactivateMember(space: Space, id: string): Promise<View> {
  const before = await required(space, id);
  const after: MemberRow = {
    ...before,
    status: "active",
    status_reason: null,
    updated_at: space.now,
    version: before.version + 1,
  };
  const { status, status_reason, updated_at, version } = after;
  await space.commit(
    {
      action: "member.reactivated",
      subject: { type: "member", id, version },
      before: { status: before.status },
      after: { status },
      events: [{ type: "member.reactivated", data: {} }],
      answer: { status: 200, body: viewMember(after) },
    },
    write(
      space.db
        .update(members)
        .set({ status, status_reason, updated_at, version })
        .where(space.store.in(members, eq(members.id, id), eq(members.status, "suspended"))),
      { expect: "illegal_transition" },
    ),
  );
  return viewMember(after);
}
