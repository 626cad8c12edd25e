/** Duties and roles: who may do what, given and taken by those who may do as much themselves. */

import type { z } from "@hono/zod-openapi";
import { and, eq } from "drizzle-orm";
import type { Duty, DutyGrant, MemberRole } from "../../../platform/access/permissions.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIsoOrNull } from "../../../platform/time.ts";
import type { Member } from "../people/contract.ts";
import { anotherAdministrator, isAdministrator, requiredMember } from "../people/moves.ts";
import { type MemberRow, viewInFull } from "../people/view.ts";
import type { MemberEffects } from "../port.ts";
import { memberDuties, members } from "../tables.ts";
import { type DutyReach, isDuty } from "./contract.ts";

type View = z.output<typeof Member>;

/** The member as a new version of itself. */
const bump = (space: Space, before: MemberRow, more: Partial<MemberRow> = {}): MemberRow => ({
  ...before,
  ...more,
  updated_at: space.now,
  version: before.version + 1,
});

/** Writes the member's own row at the version that was read. */
const rowWrite = (space: Space, before: MemberRow, after: MemberRow): Write =>
  write(
    space.db
      .update(members)
      .set({ role: after.role, updated_at: after.updated_at, version: after.version })
      .where(space.store.in(members, eq(members.id, before.id), eq(members.version, before.version))),
    { expect: "conflict" },
  );

/** A member of whom the caller may give and take. @throws not_found, forbidden, illegal_transition for who left */
async function governed(space: Space, id: string): Promise<MemberRow> {
  const row = await requiredMember(space, id);
  if (!space.access.covers(row.role, [])) throw problem("forbidden");
  if (row.status === "left") throw problem("illegal_transition", { current_status: row.status });
  return row;
}

/**
 * Grants a duty, or changes how far it reaches and until when.
 * @throws not_found, grant_exceeds_own, invalid_body for an end that is past, illegal_transition for who left, conflict
 */
export async function grantDuty(
  space: Space,
  id: string,
  name: string,
  reach: z.output<typeof DutyReach>,
  effects: MemberEffects,
): Promise<View> {
  if (!isDuty(name)) throw problem("not_found");
  const duty: DutyGrant = { duty: name, ...reach };
  if (!space.access.covers("user", [duty])) throw problem("grant_exceeds_own");
  if (reach.ends_at !== null && reach.ends_at <= space.now) {
    throw problem("invalid_body", { errors: [{ pointer: "/ends_at", code: "past", detail: "lies behind us" }] });
  }
  const before = await governed(space, id);
  const after = bump(space, before, { duties: [...before.duties.filter((one) => one.duty !== name), duty] });
  const granted = { equipment_ids: reach.equipment_ids, ends_at: reach.ends_at, granted_by: space.actor.id };
  await space.commit(
    {
      action: "member.duty_granted",
      subject: { type: "member", id, version: after.version },
      before: { duty: before.duties.find((one) => one.duty === name) ?? null },
      after: { duty: { ...duty, ends_at: toIsoOrNull(duty.ends_at) } },
    },
    rowWrite(space, before, after),
    write(
      space.db
        .insert(memberDuties)
        .values(space.store.row({ ...granted, member_id: id, duty: name, granted_at: space.now }))
        .onConflictDoUpdate({
          target: [memberDuties.makerspace_id, memberDuties.member_id, memberDuties.duty],
          set: { ...granted, granted_at: space.now },
        }),
    ),
  );
  await effects.changed(space, id);
  return viewInFull(space, after);
}

/** Takes a duty back. @throws not_found when they do not have it; forbidden, conflict */
export async function revokeDuty(space: Space, id: string, name: string, effects: MemberEffects): Promise<void> {
  const before = await governed(space, id);
  const held = before.duties.find((one) => one.duty === name);
  if (!held) throw problem("not_found");
  const after = bump(space, before);
  await space.commit(
    {
      action: "member.duty_revoked",
      subject: { type: "member", id, version: after.version },
      before: { duty: held },
    },
    rowWrite(space, before, after),
    write(
      space.db
        .delete(memberDuties)
        .where(space.store.in(memberDuties, eq(memberDuties.member_id, id), eq(memberDuties.duty, name as Duty))),
      { expect: "not_found" },
    ),
  );
  await effects.changed(space, id);
}

/**
 * Gives a member another role. The last administrator stays one, whoever asks at the same time.
 * @throws not_found, forbidden, grant_exceeds_own, last_administrator, illegal_transition for who left, conflict
 */
export async function changeRole(space: Space, id: string, role: MemberRole, effects: MemberEffects): Promise<View> {
  if (!space.access.covers(role, [])) throw problem("grant_exceeds_own");
  const before = await governed(space, id);
  const after = bump(space, before, { role });
  try {
    await space.commit(
      {
        action: "member.role_changed",
        subject: { type: "member", id, version: after.version },
        before: { role: before.role },
        after: { role },
        answer: { status: 200, body: viewInFull(space, after) },
      },
      write(
        space.db
          .update(members)
          .set({ role, updated_at: after.updated_at, version: after.version })
          .where(
            and(
              space.store.in(members, eq(members.id, id), eq(members.version, before.version)),
              role === "makerspace_admin" ? undefined : anotherAdministrator(space, id),
            ),
          ),
        { expect: "conflict" },
      ),
    );
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "conflict") throw error;
    const now = await requiredMember(space, id);
    throw now.version === before.version && isAdministrator(now) ? problem("last_administrator") : error;
  }
  await effects.changed(space, id);
  return viewInFull(space, after);
}
