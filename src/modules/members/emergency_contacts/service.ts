/** Emergency contacts: kept by the member, read by those on duty, who leave their name each time. */

import type { z } from "@hono/zod-openapi";
import { asc, eq, gt, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { type Page, pageById } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { requiredMember } from "../people/moves.ts";
import type { EmergencyContact, EmergencyContactInput, EmergencyContactQuery } from "./contract.ts";
import { emergencyContacts } from "./tables.ts";
import { type ContactRow, viewContact } from "./view.ts";

type View = z.output<typeof EmergencyContact>;
type Input = z.output<typeof EmergencyContactInput>;

/** More than these nobody calls. */
const MAX = 5;

/** Who reads them of somebody else. @throws not_found for members without that duty, and for nobody */
async function requireReach(
  space: Space,
  permission: "emergency_contacts.read" | "emergency_contacts.manage",
  member_id: string,
): Promise<void> {
  if (space.actor.id === member_id) return;
  if (space.scope(permission) !== "any") throw problem("not_found");
  await requiredMember(space, member_id);
}

/** A look at somebody else's contacts goes into the audit before anything is shown: without it there is no look. */
async function noteLook(space: Space, member_id: string): Promise<void> {
  if (space.actor.id === member_id) return;
  await space.commit({
    action: "emergency_contacts.read",
    subject: { type: "member", id: member_id, version: 0 },
  });
}

async function find(space: Space, member_id: string, id: string): Promise<ContactRow> {
  const [row] = await space.db
    .select()
    .from(emergencyContacts)
    .where(space.store.in(emergencyContacts, eq(emergencyContacts.member_id, member_id), eq(emergencyContacts.id, id)));
  if (!row) throw problem("not_found");
  return row;
}

/** Oldest first; the look of others is audited. @throws not_found */
export async function listContacts(
  space: Space,
  member_id: string,
  query: z.output<typeof EmergencyContactQuery>,
): Promise<Page<View>> {
  await requireReach(space, "emergency_contacts.read", member_id);
  const walk = async (after: string | null, limit: number): Promise<ContactRow[]> => {
    await noteLook(space, member_id);
    return space.db
      .select()
      .from(emergencyContacts)
      .where(
        space.store.in(
          emergencyContacts,
          eq(emergencyContacts.member_id, member_id),
          after === null ? undefined : gt(emergencyContacts.id, after),
        ),
      )
      .orderBy(asc(emergencyContacts.id))
      .limit(limit);
  };
  return pageById(query, ["emergency_contacts", member_id], walk, viewContact);
}

/** One of them; the look of others is audited. @throws not_found */
export async function readContact(space: Space, member_id: string, id: string): Promise<View> {
  await requireReach(space, "emergency_contacts.read", member_id);
  const row = await find(space, member_id, id);
  await noteLook(space, member_id);
  return viewContact(row);
}

/** Adds one of at most five; the statement itself counts. @throws not_found; too_many_emergency_contacts */
export async function addContact(space: Space, member_id: string, input: Input): Promise<View> {
  await requireReach(space, "emergency_contacts.manage", member_id);
  const row: ContactRow = space.store.row({
    ...input,
    id: newId(),
    member_id,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const insert = sql`
    INSERT INTO emergency_contacts (makerspace_id, member_id, id, name, relation, phone, notes, version, created_at, updated_at)
    SELECT ${space.id}, ${member_id}, ${row.id}, ${row.name}, ${row.relation}, ${row.phone}, ${row.notes}, 1, ${space.now}, ${space.now}
    WHERE (SELECT count(*) FROM emergency_contacts WHERE makerspace_id = ${space.id} AND member_id = ${member_id}) < ${MAX}`;
  await space.commit(
    {
      action: "emergency_contact.added",
      subject: { type: "member", id: member_id, version: 0 },
      after: { emergency_contact_id: row.id },
    },
    write(space.db.run(insert), { expect: "too_many_emergency_contacts" }),
  );
  return viewContact(row);
}

/** Replaces one. @throws not_found, stale_version, conflict */
export async function replaceContact(
  space: Space,
  member_id: string,
  id: string,
  if_match: number | null,
  input: Input,
): Promise<View> {
  await requireReach(space, "emergency_contacts.manage", member_id);
  const before = await find(space, member_id, id);
  if (if_match !== null && if_match !== before.version) throw problem("stale_version");
  const change = { ...input, updated_at: space.now, version: before.version + 1 };
  await space.commit(
    {
      action: "emergency_contact.changed",
      subject: { type: "member", id: member_id, version: 0 },
      after: { emergency_contact_id: id },
    },
    write(
      space.db
        .update(emergencyContacts)
        .set(change)
        .where(
          space.store.in(
            emergencyContacts,
            eq(emergencyContacts.member_id, member_id),
            eq(emergencyContacts.id, id),
            eq(emergencyContacts.version, before.version),
          ),
        ),
      { expect: if_match === null ? "conflict" : "stale_version" },
    ),
  );
  return viewContact({ ...before, ...change });
}

/** Removes one. @throws not_found */
export async function removeContact(space: Space, member_id: string, id: string): Promise<void> {
  await requireReach(space, "emergency_contacts.manage", member_id);
  await find(space, member_id, id);
  await space.commit(
    {
      action: "emergency_contact.removed",
      subject: { type: "member", id: member_id, version: 0 },
      before: { emergency_contact_id: id },
    },
    write(
      space.db
        .delete(emergencyContacts)
        .where(
          space.store.in(emergencyContacts, eq(emergencyContacts.member_id, member_id), eq(emergencyContacts.id, id)),
        ),
      { expect: "not_found" },
    ),
  );
}
