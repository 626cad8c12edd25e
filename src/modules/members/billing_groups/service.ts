/** Families and companies: made, changed, joined, left, handed over, dissolved. That the payer is one of them is the database's word. */

import type { z } from "@hono/zod-openapi";
import { and, eq, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { findMember } from "../people/reads.ts";
import type { MemberRow } from "../people/view.ts";
import type { BillingGroup, BillingGroupInput, BillingGroupPatch, GroupMember } from "./contract.ts";
import { joinableStatuses } from "./model.ts";
import { requiredGroup } from "./reads.ts";
import { billingGroupMembers, billingGroups } from "./tables.ts";
import { type GroupRow, viewGroup, viewGroupMember } from "./view.ts";

type View = z.output<typeof BillingGroup>;
type Columns = typeof billingGroups.$inferSelect;

const alreadyIn = { "billing_group_members.makerspace_id, billing_group_members.member_id": "in_a_group" } as const;
/** Who pays for one group is in it, and in no other. */
const alreadyPays = { "billing_groups.makerspace_id, billing_groups.payer_member_id": "in_a_group" } as const;
const taken = { "billing_groups.external_id": "external_id_taken" } as const;

const isStaff = (space: Space): boolean => space.scope("billing_groups.manage") === "any";

/** @throws forbidden for those who are no staff */
function requireStaff(space: Space): void {
  if (!isStaff(space)) throw problem("forbidden", { detail: "This is staff work." });
}

/** The member belongs here at this moment: in the statement that relies on it. */
const belongs = (space: Space, member_id: string) => sql`EXISTS (SELECT 1 FROM members
  WHERE makerspace_id = ${space.id} AND id = ${member_id} AND status IN (${sql.join(
    joinableStatuses.map((status) => sql`${status}`),
    sql`, `,
  )}))`;

/** The group is active, and is another version from now on. @throws illegal_transition for one that is dissolved */
const touch = (space: Space, id: string): Write =>
  write(
    space.db
      .update(billingGroups)
      .set({ version: sql`${billingGroups.version} + 1`, updated_at: space.now })
      .where(space.store.in(billingGroups, eq(billingGroups.id, id), eq(billingGroups.status, "active"))),
    { expect: "illegal_transition" },
  );

/** @throws illegal_transition */
function refuseDissolved({ group }: GroupRow): void {
  if (group.status !== "active") throw problem("illegal_transition", { current_status: group.status });
}

/** A member whom a body names. @throws unknown_reference */
async function namedMember(space: Space, id: string, pointer: string): Promise<MemberRow> {
  const found = await findMember(space.store, id);
  if (found && (joinableStatuses as readonly string[]).includes(found.status)) return found;
  const detail = found ? `is ${found.status}` : "names no member";
  throw problem("unknown_reference", { errors: [{ pointer, code: "unknown", detail }] });
}

/** Makes a group; a trigger puts its payer into it. @throws forbidden, unknown_reference, in_a_group, external_id_taken */
export async function createGroup(space: Space, input: z.output<typeof BillingGroupInput>): Promise<View> {
  requireStaff(space);
  const payer = await namedMember(space, input.payer_member_id, "/payer_member_id");
  const group: Columns = space.store.row({
    ...input,
    id: newId(),
    status: "active" as const,
    dissolved_at: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const { id, kind, name, payer_member_id, external_id } = group;
  const body = viewGroup({ group, payer, member_count: 1 });
  const insert = space.db.run(sql`
    INSERT INTO billing_groups (makerspace_id, id, kind, name, status, payer_member_id, metadata, external_id, created_at, updated_at)
    SELECT ${space.id}, ${id}, ${kind}, ${name}, 'active', ${payer_member_id}, ${JSON.stringify(input.metadata)}, ${external_id},
      ${space.now}, ${space.now} WHERE ${belongs(space, payer.id)}`);
  await space.commit(
    {
      action: "billing_group.created",
      subject: { type: "billing_group", id, version: 1 },
      after: { kind, payer_member_id },
      events: [{ type: "billing_group.payer_named", data: { member_id: payer.id } }],
      answer: { status: 201, body },
    },
    write(insert, { expect: "unknown_reference", unique: { ...taken, ...alreadyIn, ...alreadyPays } }),
  );
  return body;
}

/** A change of the group's own row, from the version that was read. */
async function changeGroup(
  space: Space,
  before: GroupRow,
  change: Partial<Columns>,
  told: {
    action: string;
    before: object;
    after: object;
    events?: EventDraft[];
    expect?: Write["expect"];
    also?: Write[];
  },
): Promise<Columns> {
  const { group } = before;
  const next = { ...change, updated_at: space.now, version: group.version + 1 };
  const after: Columns = { ...group, ...next };
  const isSame = and(eq(billingGroups.id, group.id), eq(billingGroups.version, group.version));
  const statement = space.db.update(billingGroups).set(next).where(space.store.in(billingGroups, isSame));
  await space.commit(
    {
      action: told.action,
      subject: { type: "billing_group", id: group.id, version: next.version },
      before: told.before,
      after: told.after,
      events: told.events ?? [],
    },
    write(statement, { expect: told.expect ?? "conflict", unique: taken }),
    ...(told.also ?? []),
  );
  return after;
}

/** Merges fields. @throws forbidden, not_found, stale_version, illegal_transition, external_id_taken */
export async function renameGroup(
  space: Space,
  id: string,
  if_match: number | null,
  patch: z.output<typeof BillingGroupPatch>,
): Promise<View> {
  requireStaff(space);
  const before = await requiredGroup(space, id);
  if (if_match !== null && if_match !== before.group.version) throw problem("stale_version");
  refuseDissolved(before);
  const change = definedOnly(patch);
  const group = await changeGroup(space, before, change, {
    action: "billing_group.updated",
    before: { kind: before.group.kind },
    after: { changed: Object.keys(change), ...definedOnly({ kind: patch.kind }) },
    expect: if_match === null ? "conflict" : "stale_version",
  });
  return viewGroup({ ...before, group });
}

/** Somebody else of the group pays from now on. @throws forbidden, not_found, illegal_transition, not_in_group, conflict */
export async function handOver(space: Space, id: string, payer_member_id: string): Promise<View> {
  requireStaff(space);
  const before = await requiredGroup(space, id);
  refuseDissolved(before);
  const payer = await namedMember(space, payer_member_id, "/payer_member_id");
  const { payer_member_id: from } = before.group;
  const group = await changeGroup(
    space,
    before,
    { payer_member_id },
    {
      action: "billing_group.handed_over",
      before: { payer_member_id: from },
      after: { payer_member_id },
      events:
        from === null || from === payer_member_id
          ? []
          : [
              { type: "billing_group.payer_named", data: { member_id: payer_member_id } },
              { type: "billing_group.payer_replaced", data: { member_id: from } },
            ],
    },
  );
  return viewGroup({ ...before, group, payer });
}

/** More people of one group than this are told by another event: a message of the queue holds so many. */
const TOLD_AT_ONCE = 500;

/** Who is in a group now. */
const everybodyIn = (space: Space, group_id: string) =>
  space.db
    .select({ member_id: billingGroupMembers.member_id })
    .from(billingGroupMembers)
    .where(space.store.in(billingGroupMembers, eq(billingGroupMembers.group_id, group_id)));

/** Ends the group; everybody pays for themselves from now on. Doing it twice changes nothing. @throws forbidden, not_found, conflict */
export async function dissolveGroup(space: Space, id: string): Promise<void> {
  requireStaff(space);
  const before = await requiredGroup(space, id);
  if (before.group.status === "dissolved") return;
  const everybody = space.store.in(billingGroupMembers, eq(billingGroupMembers.group_id, id));
  // Who comes in or goes after this makes the group another version, and this a conflict.
  const ids = (await everybodyIn(space, id)).map(({ member_id }) => member_id);
  await changeGroup(
    space,
    before,
    { status: "dissolved", payer_member_id: null, dissolved_at: space.now },
    {
      action: "billing_group.dissolved",
      before: { payer_member_id: before.group.payer_member_id },
      after: { status: "dissolved" },
      events: Array.from({ length: Math.ceil(ids.length / TOLD_AT_ONCE) }, (_, index) => ({
        type: "billing_group.dissolved" as const,
        data: { member_ids: ids.slice(index * TOLD_AT_ONCE, (index + 1) * TOLD_AT_ONCE) },
      })),
      also: [write(space.db.delete(billingGroupMembers).where(everybody))],
    },
  );
}

/** Brings a member into the group. @throws forbidden, not_found, unknown_reference, in_a_group, illegal_transition */
export async function addToGroup(
  space: Space,
  group_id: string,
  member_id: string,
): Promise<z.output<typeof GroupMember>> {
  requireStaff(space);
  const found = await requiredGroup(space, group_id);
  refuseDissolved(found);
  const { first_name, last_name } = await namedMember(space, member_id, "/member_id");
  const row = space.store.row({ group_id, member_id, added_at: space.now });
  const body = viewGroupMember({ ...row, first_name, last_name, is_payer: false });
  const insert = space.db.run(sql`
    INSERT INTO billing_group_members (makerspace_id, group_id, member_id, added_at)
    SELECT ${space.id}, ${group_id}, ${member_id}, ${space.now} WHERE ${belongs(space, member_id)}`);
  await space.commit(
    {
      action: "billing_group.member_added",
      subject: { type: "billing_group", id: group_id, version: found.group.version + 1 },
      after: { member_id },
      events: [{ type: "billing_group.member_added", data: { member_id } }],
      answer: { status: 201, body },
    },
    touch(space, group_id),
    write(insert, { expect: "unknown_reference", unique: alreadyIn }),
  );
  return body;
}

/**
 * Takes a member out of the group: staff and the payer anybody, the others themselves. The payer goes by handing over, or by dissolving it.
 * @throws not_found, payer_of_group
 */
export async function takeFromGroup(space: Space, group_id: string, named: string): Promise<void> {
  const member_id = named === "me" ? space.member.id : named;
  const { group } = await requiredGroup(space, group_id);
  const mayTakeAny = isStaff(space) || group.payer_member_id === space.actor.id;
  if (!mayTakeAny && member_id !== space.actor.id) throw problem("not_found");
  const { group_id: inGroup, member_id: who } = billingGroupMembers;
  await space.commit(
    {
      action: "billing_group.member_removed",
      subject: { type: "billing_group", id: group_id, version: group.version + 1 },
      before: { member_id },
      events: [{ type: "billing_group.member_removed", data: { member_id } }],
    },
    write(
      space.db
        .delete(billingGroupMembers)
        .where(space.store.in(billingGroupMembers, eq(inGroup, group_id), eq(who, member_id))),
      { expect: "not_found" },
    ),
    touch(space, group_id),
  );
}

/** Gives the place of one record in its group to another: both in one group is one place, in two groups they stay two. */
export function moveGroups({ db, makerspace_id }: SpaceStore, from: string, into: string): Write[] {
  const theirs = sql`SELECT theirs.group_id FROM billing_group_members theirs
    WHERE theirs.makerspace_id = ${makerspace_id} AND theirs.member_id = ${into}`;
  const pays = sql`UPDATE billing_groups SET payer_member_id = ${into}, version = version + 1
    WHERE makerspace_id = ${makerspace_id} AND payer_member_id = ${from}`;
  const place = sql`makerspace_id = ${makerspace_id} AND member_id = ${from}`;
  return [
    write(db.run(sql`${pays} AND id = (${theirs})`)),
    write(db.run(sql`DELETE FROM billing_group_members WHERE ${place} AND group_id = (${theirs})`)),
    write(db.run(sql`UPDATE billing_group_members SET member_id = ${into} WHERE ${place}`), {
      unique: { "billing_group_members.makerspace_id, billing_group_members.member_id": "in_a_group" },
    }),
    write(db.run(pays)),
    write(
      db.run(sql`UPDATE membership_transactions SET payer_member_id = ${into}
        WHERE makerspace_id = ${makerspace_id} AND payer_member_id = ${from}`),
    ),
  ];
}
