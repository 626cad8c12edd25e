/** Members: added, read and changed. */

import type { z } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { refuseBanned } from "../bans/guard.ts";
import { sortName } from "../model.ts";
import { memberDuties, members } from "../tables.ts";
import { type Member, type MemberInput, type MemberOrEntry, type MemberPatch, ownFieldNames } from "./contract.ts";
import { requiredMember } from "./moves.ts";
import { tagWrites } from "./parts.ts";
import { findMember, indexMembership } from "./reads.ts";
import { columnsOf, type MemberRow, viewFor, viewInFull } from "./view.ts";

type View = z.output<typeof Member>;

/** What every new member has. */
type Essential = Pick<MemberRow, "id" | "user_id" | "email" | "first_name" | "last_name" | "role" | "status">;

/** A member who is new here, with nothing but what is told. */
export const blankMember = (
  { store, now }: Pick<Space, "store" | "now">,
  told: Essential & Partial<MemberRow>,
): MemberRow =>
  store.row({
    status_reason: null,
    hide_name: false,
    phone: null,
    bio: null,
    profile_image_url: null,
    public_skills: [],
    notes: null,
    locale: null,
    timezone: null,
    joined_at: told.status === "active" ? now : 0,
    last_seen_at: 0,
    suspended_at: null,
    suspended_by: null,
    left_at: null,
    sort_name: sortName(told),
    search_id: null,
    merged_into: null,
    erased_at: null,
    metadata: {},
    external_id: null,
    version: 1,
    created_at: now,
    updated_at: now,
    duties: [],
    tags: [],
    birth_date: null,
    ...told,
  });

/**
 * Adds a member. Nobody grants a role or duty above their own.
 * @throws grant_exceeds_own, email_taken, already_member, external_id_taken
 */
export async function addMember(space: Space, input: z.output<typeof MemberInput>, id = newId()): Promise<View> {
  if (!space.access.covers(input.role, input.duties)) throw problem("grant_exceeds_own");
  const { duties, tags, user_id = null, joined_at, ...fields } = input;
  const row = blankMember(space, {
    ...fields,
    id,
    user_id,
    status: user_id === null ? "pending" : "active",
    ...(joined_at !== undefined && { joined_at }),
    duties,
    tags,
  });
  const body = viewInFull(space, row);
  const grants = row.duties.map((grant) =>
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
    write(space.db.insert(members).values(columnsOf(row)), {
      unique: {
        "members.user_id": "already_member",
        "members.email": "email_taken",
        "members.external_id": "external_id_taken",
      },
    }),
    await refuseBanned(space.store, row, space.now),
    ...grants,
    ...(tags.length > 0 ? tagWrites(space.store, row.id, tags) : []),
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

/**
 * Merges fields. Without members.manage one changes oneself alone, and of that only what one says of oneself.
 * @throws not_found, forbidden, stale_version, external_id_taken, email_taken; email_linked for the address of somebody who signed in
 */
export async function changeMember(
  space: Space,
  id: string,
  if_match: number | null,
  patch: z.output<typeof MemberPatch>,
): Promise<View> {
  const manages = space.scope("members.manage") === "any";
  const isOwnWish = id === space.actor.id && Object.keys(patch).every((name) => ownFieldNames.includes(name));
  if (!manages && !isOwnWish) {
    throw problem("forbidden", { detail: `Members change of themselves ${ownFieldNames.join(", ")}, nothing else.` });
  }
  const before = await requiredMember(space, id);
  if (before.erased_at !== null) throw problem("illegal_transition", { current_status: before.status });
  if (if_match !== null && if_match !== before.version) throw problem("stale_version");
  const { tags, ...fields } = definedOnly(patch);
  if (fields.email !== undefined && fields.email !== before.email && before.user_id !== null)
    throw problem("email_linked");
  // Whoever has the address signs in as this member: to change it is to hand over what they may.
  if (fields.email !== undefined && fields.email !== before.email && !space.access.covers(before.role, before.duties))
    throw problem("grant_exceeds_own");
  const named = { ...before, ...fields };
  const change = { ...fields, sort_name: sortName(named), updated_at: space.now, version: before.version + 1 };
  const after: MemberRow = { ...before, ...change, tags: tags ?? before.tags };
  // Names stay out of the audit log: it is kept for longer than a person may want to be known.
  const changed = Object.keys(definedOnly(patch));
  const isShown = changed.some((name) => ["first_name", "last_name", "hide_name"].includes(name));
  await space.commit(
    {
      action: "member.updated",
      subject: { type: "member", id, version: change.version },
      after: { changed },
      events: isShown ? [{ type: "member.renamed", data: {} }] : [],
    },
    write(
      space.db
        .update(members)
        .set(change)
        .where(space.store.in(members, eq(members.id, id), eq(members.version, before.version))),
      {
        unique: { "members.external_id": "external_id_taken", "members.email": "email_taken" },
        expect: if_match === null ? "conflict" : "stale_version",
      },
    ),
    ...(tags ? tagWrites(space.store, id, tags) : []),
    ...(fields.email === undefined ? [] : [await refuseBanned(space.store, { email: fields.email }, space.now)]),
  );
  return viewInFull(space, after);
}

/** The caller's own record. @throws forbidden without a membership */
export const readOneself = async (space: Space): Promise<View> =>
  viewInFull(space, await requiredMember(space, space.member.id));
