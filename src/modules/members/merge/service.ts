/** Two records of one person become one. What machines decided stays with the record they decided about. */

import type { z } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import type { DutyGrant } from "../../../platform/access/permissions.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { moveGroups } from "../billing_groups/service.ts";
import { notBeingErased } from "../erasure/guard.ts";
import { administratorStays, isAdministrator } from "../people/changes.ts";
import type { Member } from "../people/contract.ts";
import { requiredMember } from "../people/moves.ts";
import { findMember, indexMembership } from "../people/reads.ts";
import { columnsOf, type MemberRow, viewInFull } from "../people/view.ts";
import type { MemberEffects, MemberMove } from "../port.ts";
import { members } from "../tables.ts";
import { moveOwn } from "./moves.ts";

/** @throws unknown_reference, illegal_transition, both_linked, grant_exceeds_own, has_open_reservations */
async function judge(
  space: Space,
  into: MemberRow,
  from: MemberRow | null,
  effects: MemberEffects,
): Promise<MemberRow> {
  if (!from || from.id === into.id) {
    const detail = from ? "is the same member" : "names no member";
    throw problem("unknown_reference", { errors: [{ pointer: "/from_member_id", code: "unknown", detail }] });
  }
  const gone = [into, from].find(
    (row) => row.merged_into !== null || row.erased_at !== null || (row === into && row.status === "left"),
  );
  if (gone) throw problem("illegal_transition", { current_status: gone.status });
  if (into.user_id !== null && from.user_id !== null) throw problem("both_linked");
  if (!space.access.covers(into.role, from.duties) || !space.access.covers(from.role, [])) {
    throw problem("grant_exceeds_own");
  }
  if (await effects.isBusy(space, from.id)) throw problem("has_open_reservations");
  return from;
}

const byDuty = (a: DutyGrant, b: DutyGrant): number => (a.duty < b.duty ? -1 : 1);

/**
 * Who signed in before they were made one is no longer waited for: they stand as they stood. Who had left does not come back by this, nor
 * leave: they wait until staff let them in.
 */
const standingOf = (into: MemberRow, from: MemberRow): Partial<MemberRow> =>
  into.status === "pending" && from.user_id !== null && from.status !== "left"
    ? {
        status: from.status,
        status_reason: from.status_reason,
        suspended_at: from.suspended_at,
        suspended_by: from.suspended_by,
      }
    : {};

/** The two rows as they are afterwards. */
function outcome({ now }: Space, into: MemberRow, from: MemberRow): { into: MemberRow; from: MemberRow } {
  const joined = [into.joined_at, from.joined_at].filter((at) => at > 0);
  return {
    into: {
      ...into,
      user_id: into.user_id ?? from.user_id,
      ...standingOf(into, from),
      phone: into.phone ?? from.phone,
      bio: into.bio ?? from.bio,
      profile_image_url: into.profile_image_url ?? from.profile_image_url,
      joined_at: joined.length > 0 ? Math.min(...joined) : 0,
      last_seen_at: Math.max(into.last_seen_at, from.last_seen_at),
      duties: [...into.duties, ...from.duties.filter((one) => !into.duties.some(({ duty }) => duty === one.duty))].sort(
        byDuty,
      ),
      tags: [...new Set([...into.tags, ...from.tags])].sort(),
      birth_date: into.birth_date ?? from.birth_date,
      updated_at: now,
      version: into.version + 1,
    },
    from: {
      ...from,
      user_id: null,
      status: "left",
      status_reason: null,
      suspended_at: null,
      suspended_by: null,
      left_at: from.left_at ?? now,
      merged_into: into.id,
      duties: [],
      tags: [],
      birth_date: null,
      updated_at: now,
      version: from.version + 1,
    },
  };
}

/**
 * Merges `from` into `id`.
 * @throws not_found, unknown_reference, illegal_transition, both_linked, both_have_memberships, in_a_group, has_open_reservations, last_administrator, grant_exceeds_own, conflict
 */
export async function mergeMembers(
  space: Space,
  id: string,
  from_member_id: string,
  effects: MemberEffects,
  moves: readonly MemberMove[],
): Promise<z.output<typeof Member>> {
  const into = await requiredMember(space, id);
  const from = await judge(space, into, await findMember(space.store, from_member_id), effects);
  const after = outcome(space, into, from);
  const update = (row: MemberRow, before: MemberRow): Write => {
    const { makerspace_id: _, id: __, search_id: ___, ...columns } = columnsOf(row);
    return write(
      space.db
        .update(members)
        .set(columns)
        .where(space.store.in(members, eq(members.id, row.id), eq(members.version, before.version))),
      { expect: "conflict" },
    );
  };
  await space.commit(
    {
      action: "member.merged",
      subject: { type: "member", id, version: after.into.version },
      before: { from_member_id, from_status: from.status },
      after: { status: after.into.status },
      events: [
        {
          type: "member.removed",
          data: { cancel_bookings: true },
          subject: { type: "member", id: from_member_id, version: after.from.version },
        },
      ],
      answer: { status: 200, body: viewInFull(space, after.into) },
    },
    notBeingErased(space.store, [id, from_member_id]),
    // Who has left is in no group any more, so its place goes first.
    ...moveGroups(space.store, from_member_id, id),
    // The sign-in leaves the one before the other takes it.
    update(after.from, from),
    update(after.into, into),
    // An administrator who goes on as none must not be the last.
    ...(isAdministrator(from) && !isAdministrator(after.into) ? [administratorStays(space)] : []),
    ...[moveOwn, ...moves].flatMap(({ writes }) =>
      writes(space.store, { from: from_member_id, into: id, now: space.now }),
    ),
  );
  if (after.into.user_id !== null) await indexMembership(after.into.user_id, space.id, id).catch(() => undefined);
  await Promise.all([effects.shutOut(space, from_member_id, true), effects.changed(space, [id])]);
  return viewInFull(space, after.into);
}
