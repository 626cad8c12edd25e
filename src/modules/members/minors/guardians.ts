/** Guardians of minors: named by staff, ended by staff. */

import type { z } from "@hono/zod-openapi";
import { asc, eq, gt, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import { type Page, pageById, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { displayName } from "../model.ts";
import { members } from "../tables.ts";
import type { FamilyQuery, Guardian, GuardianInput, Ward } from "./contract.ts";
import { ofMember, requireReach, requireStaff } from "./reach.ts";
import { requireMinor } from "./records.ts";
import { guardians } from "./tables.ts";
import { type GuardianRow, viewGuardian } from "./view.ts";

type View = z.output<typeof Guardian>;
type Query = z.output<typeof FamilyQuery>;

/** One guardian of a member. @throws not_found */
export async function findGuardian(space: Space, member_id: string, id: string): Promise<GuardianRow> {
  const [row] = await space.db
    .select()
    .from(guardians)
    .where(space.store.in(guardians, eq(guardians.id, id), eq(guardians.member_id, member_id)));
  if (!row) throw problem("not_found");
  return row;
}

/** Names a guardian. @throws forbidden, not_found, unknown_reference; already_guardian */
export async function nameGuardian(
  space: Space,
  member_id: string,
  input: z.output<typeof GuardianInput>,
): Promise<View> {
  requireStaff(space);
  // Staff who are under age name nobody for themselves, and nobody is their own guardian.
  if (space.actor.id === member_id) throw problem("forbidden", { detail: "Others name one's guardian." });
  await requireMinor(space, member_id);
  const { guardian_member_id = null, name = null, email = null, phone = null, relation } = input;
  if (guardian_member_id === member_id) {
    const detail = "is the minor";
    throw problem("invalid_body", { errors: [{ pointer: "/guardian_member_id", code: "oneself", detail }] });
  }
  const row: GuardianRow = space.store.row({
    id: newId(),
    member_id,
    guardian_member_id,
    name,
    relation,
    email,
    phone,
    ended_at: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  // Contact is kept of guardians of minors alone, whoever takes the record back at this moment.
  const insert = sql`
    INSERT INTO guardians (makerspace_id, id, member_id, guardian_member_id, name, relation, email, phone, version, created_at, updated_at)
    SELECT m.makerspace_id, ${row.id}, m.member_id, ${guardian_member_id}, ${name}, ${relation}, ${email}, ${phone}, 1, ${space.now},
           ${space.now}
    FROM minors m WHERE m.makerspace_id = ${space.id} AND m.member_id = ${member_id}`;
  await space.commit(
    {
      action: "guardian.named",
      subject: { type: "member", id: member_id, version: 1 },
      after: { guardian_id: row.id, guardian_member_id },
      events: [{ type: "guardian.named", data: { guardian_id: row.id, guardian_member_id } }],
    },
    write(space.db.run(insert), {
      expect: "not_found",
      unique: { "guardians.guardian_member_id": "already_guardian" },
    }),
  );
  return viewGuardian(space, row);
}

/** Of one member, oldest first, those who are guardians no more included. @throws not_found */
export async function listGuardians(space: Space, member_id: string, query: Query): Promise<Page<View>> {
  await requireReach(space, member_id);
  const walk = (after: string | null, limit: number): Promise<GuardianRow[]> =>
    space.db
      .select()
      .from(guardians)
      .where(ofMember(space, guardians, member_id, after))
      .orderBy(asc(guardians.id))
      .limit(limit);
  return pageById(query, ["guardians", member_id], walk, (row) => viewGuardian(space, row));
}

/** @throws not_found */
export async function readGuardian(space: Space, member_id: string, id: string): Promise<View> {
  await requireReach(space, member_id);
  return viewGuardian(space, await findGuardian(space, member_id, id));
}

/** Ends a guardianship: from now on its consents count no more. @throws forbidden, not_found, conflict */
export async function endGuardian(space: Space, member_id: string, id: string): Promise<void> {
  requireStaff(space);
  const row = await findGuardian(space, member_id, id);
  if (row.ended_at !== null) return;
  const version = row.version + 1;
  const end: Write = write(
    space.db
      .update(guardians)
      .set({ ended_at: space.now, email: null, phone: null, updated_at: space.now, version })
      .where(space.store.in(guardians, eq(guardians.id, id), eq(guardians.version, row.version))),
    { expect: "conflict" },
  );
  await space.commit(
    {
      action: "guardian.ended",
      subject: { type: "member", id: member_id, version },
      after: { guardian_id: id },
    },
    end,
  );
}

/** Whose guardian the caller is. @throws forbidden without a membership */
export async function listWards(space: Space, { limit, cursor }: Query): Promise<Page<z.output<typeof Ward>>> {
  const list = ["wards", space.member.id];
  const after = readCursor(cursor, list);
  const rows = await space.db
    .select({
      member_id: guardians.member_id,
      guardian_id: guardians.id,
      first_name: members.first_name,
      last_name: members.last_name,
    })
    .from(guardians)
    .innerJoin(members, space.store.in(members, eq(members.id, guardians.member_id)))
    .where(
      space.store.in(
        guardians,
        leads(guardians.guardian_member_id, space.member.id),
        sql`${guardians.ended_at} IS NULL`,
        after ? gt(guardians.member_id, after.id) : undefined,
      ),
    )
    .orderBy(asc(guardians.member_id))
    .limit(limit + 1);
  const view = (row: (typeof rows)[number]) => ({
    member_id: row.member_id,
    display_name: displayName(row),
    guardian_id: row.guardian_id,
  });
  return toPage(rows, limit, list, (row) => ({ value: row.member_id, id: row.member_id }), view);
}
