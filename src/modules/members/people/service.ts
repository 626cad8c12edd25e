/** Members: added, listed, suspended and reactivated. */

import type { z } from "@hono/zod-openapi";
import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { MemberEffects } from "../port.ts";
import { memberDuties, members } from "../tables.ts";
import type { Member, MemberInput, MemberOrEntry, MemberQuery } from "./contract.ts";
import { findMember, indexMembership, memberColumns, toMemberRow } from "./reads.ts";
import { type MemberRow, viewEntry, viewMember } from "./view.ts";

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

const viewFor = (space: Space) => {
  const all = space.scope("members.read") === "any";
  return (row: MemberRow): z.output<typeof MemberOrEntry> =>
    all || row.id === space.actor.id ? viewMember(row) : viewEntry(row);
};

/**
 * Members by id. Without staff permission others are directory entries, only active ones, and cannot be filtered.
 * @throws forbidden for a filter that would tell what an entry hides.
 */
export async function listMembers(
  space: Space,
  query: z.output<typeof MemberQuery>,
): Promise<Page<z.output<typeof MemberOrEntry>>> {
  const { limit, cursor, ...filter } = query;
  const all = space.scope("members.read") === "any";
  if (!all && (filter.role || filter.status || filter.external_id)) {
    throw problem("forbidden", { detail: "Filters on members need members.read for all." });
  }
  const list = ["members", filter];
  const after = readCursor(cursor, list);
  const statuses = all ? filter.status : (["active"] as const);
  const rows = await space.db
    .select(memberColumns)
    .from(members)
    .where(
      space.store.in(
        members,
        after ? gt(members.id, after.id) : undefined,
        filter.role ? inArray(members.role, filter.role) : undefined,
        statuses ? inArray(members.status, statuses) : undefined,
        filter.external_id ? eq(members.external_id, filter.external_id) : undefined,
      ),
    )
    .orderBy(asc(members.id))
    .limit(limit + 1);
  return toPage(rows.map(toMemberRow), limit, list, (row) => ({ value: row.id, id: row.id }), viewFor(space));
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
