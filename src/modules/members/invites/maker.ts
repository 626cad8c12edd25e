/** Whether whoever sent an invite could still send it: what they may not give any more, their invite does not give either. */

import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { MembershipStatus } from "../../../platform/access/membership.ts";
import { Access } from "../../../platform/access/permissions.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { findMember } from "../people/reads.ts";
import { type AccountStands, acting } from "../people/starters.ts";
import { members } from "../tables.ts";
import type { OpenInvite } from "./reads.ts";
import { invites } from "./tables.ts";
import { dutiesOf, type InviteRow } from "./view.ts";

/** Who sends an invite, and by what right. */
export type MakerOf = Pick<InviteRow, "invited_by" | "invited_as">;

/** Whoever acts now, as the maker of an invite. */
export function makerOf({ actor, access }: Space): MakerOf {
  if (actor.kind === "service") return { invited_by: actor.id, invited_as: "service" };
  return { invited_by: actor.id, invited_as: access.role === "super_admin" ? "platform" : "member" };
}

/** The condition under which the maker's right stands, at the version of their membership that covers the invite. */
async function standing({ store, row }: OpenInvite, now: number, accountStands: AccountStands): Promise<SQL | null> {
  const { invited_by, invited_as, role } = row;
  if (invited_as === "service") return accountStands(store, invited_by);
  const one = sql`SELECT 1 FROM ${members} WHERE ${members.makerspace_id} = ${store.makerspace_id} AND ${members.id} = ${invited_by}`;
  // Of the platform's people only those who were members can be removed here.
  if (invited_as === "platform") return sql`NOT EXISTS (${one} AND ${members.status} = 'left')`;
  const maker = await findMember(store, invited_by);
  const covers = maker && new Access(maker.role, maker.duties, now).covers(role, dutiesOf(row));
  if (!covers || !(acting as readonly MembershipStatus[]).includes(maker.status)) return null;
  return sql`EXISTS (${one} AND ${members.version} = ${maker.version} AND ${inArray(members.status, [...acting])})`;
}

/**
 * Ends the batch unless the maker's right stands: the invite is touched only where it does.
 * @throws invite_withdrawn
 */
export async function refuseOrphaned(open: OpenInvite, now: number, accountStands: AccountStands): Promise<Write> {
  const { store, row } = open;
  const stands = await standing(open, now, accountStands);
  if (!stands) throw problem("invite_withdrawn");
  const touched = store.db
    .update(invites)
    .set({ updated_at: sql`${invites.updated_at}` })
    .where(and(store.in(invites, eq(invites.id, row.id)), stands));
  // A membership that changed meanwhile has to be looked at again; the others have nothing to look at.
  return write(touched, { expect: row.invited_as === "member" ? "conflict" : "invite_withdrawn" });
}
