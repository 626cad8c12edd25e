/** Duties and roles: who may do what, given and taken by those who may do as much themselves. */

import type { z } from "@hono/zod-openapi";
import { eq, sql } from "drizzle-orm";
import type { Duty, DutyGrant, MemberRole } from "../../../platform/access/permissions.ts";
import { among } from "../../../platform/db/columns.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIsoOrNull } from "../../../platform/time.ts";
import { type Change, changed, changeWrites, entryOf } from "../people/changes.ts";
import type { Member } from "../people/contract.ts";
import { requiredMember } from "../people/moves.ts";
import { type MemberRow, viewInFull } from "../people/view.ts";
import type { MemberEffects } from "../port.ts";
import { memberDuties } from "../tables.ts";
import { type DutyReach, isDuty } from "./contract.ts";

type View = z.output<typeof Member>;

/** Of whom the caller may give and take. @throws forbidden, illegal_transition for who left */
function governed(space: Space, row: MemberRow): void {
  if (!space.access.covers(row.role, [])) throw problem("forbidden");
  if (row.status === "left") throw problem("illegal_transition", { current_status: row.status });
}

/**
 * What a grant makes of a member.
 * @throws grant_exceeds_own, invalid_body for an end that is past; of a member forbidden, illegal_transition for who left
 */
export function granting(space: Space, duty: DutyGrant): (before: MemberRow) => Change {
  if (!space.access.covers("user", [duty])) throw problem("grant_exceeds_own");
  if (duty.ends_at !== null && duty.ends_at <= space.now) {
    throw problem("invalid_body", { errors: [{ pointer: "/ends_at", code: "past", detail: "lies behind us" }] });
  }
  return (before) => {
    governed(space, before);
    return {
      before,
      set: {},
      action: "member.duty_granted",
      told: {
        before: { duty: before.duties.find((one) => one.duty === duty.duty) ?? null },
        after: { duty: { ...duty, ends_at: toIsoOrNull(duty.ends_at) } },
      },
    };
  };
}

/** Writes the duty itself, for all of them; who has it has it as told from now on. */
export const grantWrite = (
  { db, store, actor, now }: Space,
  { duty, equipment_ids, ends_at }: DutyGrant,
  ids: readonly string[],
): Write =>
  write(
    db.run(sql`
      INSERT INTO member_duties (makerspace_id, member_id, duty, equipment_ids, ends_at, granted_by, granted_at)
      SELECT ${store.makerspace_id}, value, ${duty}, ${equipment_ids && JSON.stringify(equipment_ids)}, ${ends_at}, ${actor.id}, ${now}
      FROM json_each(${JSON.stringify(ids)}) WHERE true
      ON CONFLICT (makerspace_id, member_id, duty) DO UPDATE SET equipment_ids = excluded.equipment_ids,
        ends_at = excluded.ends_at, granted_by = excluded.granted_by, granted_at = excluded.granted_at`),
  );

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
  const change = granting(space, duty)(await requiredMember(space, id));
  await space.commit(entryOf(change), ...changeWrites(space, [change]), grantWrite(space, duty, [id]));
  await effects.changed(space, [id]);
  const after = changed(space, change);
  return viewInFull(space, { ...after, duties: [...after.duties.filter((one) => one.duty !== name), duty] });
}

/** What taking a duty back makes of a member. @throws not_found when they do not have it; forbidden, illegal_transition for who left */
export const revoking =
  (space: Space, name: string) =>
  (before: MemberRow): Change => {
    governed(space, before);
    const held = before.duties.find((one) => one.duty === name);
    if (!held) throw problem("not_found");
    return { before, set: {}, action: "member.duty_revoked", told: { before: { duty: held } } };
  };

/** Takes the duty itself, from all of them. */
export const revokeWrite = ({ db, store }: Space, duty: Duty, ids: readonly string[]): Write =>
  write(
    db
      .delete(memberDuties)
      .where(store.in(memberDuties, among(memberDuties.member_id, ids), eq(memberDuties.duty, duty))),
    {
      expect: "not_found",
      rows: ids.length,
    },
  );

/** Takes a duty back. @throws not_found when they do not have it; forbidden, conflict */
export async function revokeDuty(space: Space, id: string, name: string, effects: MemberEffects): Promise<void> {
  const change = revoking(space, name)(await requiredMember(space, id));
  await space.commit(entryOf(change), ...changeWrites(space, [change]), revokeWrite(space, name as Duty, [id]));
  await effects.changed(space, [id]);
}

/**
 * What another role makes of a member.
 * @throws grant_exceeds_own; of a member forbidden, illegal_transition for who left
 */
export function promoting(space: Space, role: MemberRole): (before: MemberRow) => Change {
  if (!space.access.covers(role, [])) throw problem("grant_exceeds_own");
  return (before) => {
    governed(space, before);
    return {
      before,
      set: { role },
      action: "member.role_changed",
      told: { before: { role: before.role }, after: { role } },
    };
  };
}

/**
 * Gives a member another role. The last administrator stays one, whoever asks at the same time.
 * @throws not_found, forbidden, grant_exceeds_own, last_administrator, illegal_transition for who left, conflict
 */
export async function changeRole(space: Space, id: string, role: MemberRole, effects: MemberEffects): Promise<View> {
  const change = promoting(space, role)(await requiredMember(space, id));
  const body = viewInFull(space, changed(space, change));
  await space.commit({ ...entryOf(change), answer: { status: 200, body } }, ...changeWrites(space, [change]));
  await effects.changed(space, [id]);
  return body;
}
