/** Whose record of a minor somebody may see: staff every one, a minor their own, guardians those of their wards. */

import { and, eq, gt, type SQL, sql } from "drizzle-orm";
import { leads } from "../../../platform/db/fan-out.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { type guardianConsents, guardians } from "./tables.ts";
import type { GuardianRow } from "./view.ts";

/** The caller as guardian of a member, or null. */
export async function guardianOf(space: Space, member_id: string): Promise<GuardianRow | null> {
  const [row] = await space.db
    .select()
    .from(guardians)
    .where(
      space.store.in(
        guardians,
        and(
          eq(guardians.guardian_member_id, space.actor.id),
          eq(guardians.member_id, member_id),
          sql`${guardians.ended_at} IS NULL`,
        ),
      ),
    );
  return row ?? null;
}

/** @throws not_found for what is neither one's own, nor one's ward's, nor staff work */
export async function requireReach(space: Space, member_id: string): Promise<void> {
  if (space.scope("minors.read") === "any" || space.actor.id === member_id) return;
  if (!(await guardianOf(space, member_id))) throw problem("not_found");
}

/** What is kept of a member, behind the last one of a page. */
export const ofMember = (
  { store }: Space,
  table: typeof guardians | typeof guardianConsents,
  member_id: string,
  after: string | null,
): SQL => store.in(table, leads(table.member_id, member_id), after === null ? undefined : gt(table.id, after));

/** @throws forbidden for those who may not do it for everybody */
export function requireStaff(space: Space): void {
  if (space.scope("minors.manage") !== "any") throw problem("forbidden", { detail: "This is staff work." });
}
