/** Whom to tell: members as the receivers of notifications and announcements. Each read grows with its page, not with the makerspace. */

import { eq, inArray, sql } from "drizzle-orm";
import type { Duty } from "../../../platform/access/permissions.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { members } from "../tables.ts";

/** Where and how a member is reached. `timezone` and `locale` are null where the makerspace's hold. */
interface Contact {
  id: string;
  email: string;
  first_name: string;
  status: typeof members.$inferSelect.status;
  timezone: string | null;
  locale: string | null;
}

/** The contacts of these members. */
export const contactsOf = (store: SpaceStore, ids: readonly string[]): Promise<Contact[]> =>
  store.db
    .select({
      id: members.id,
      email: members.email,
      first_name: members.first_name,
      status: members.status,
      timezone: members.timezone,
      locale: members.locale,
    })
    .from(members)
    .where(store.in(members, inArray(members.id, sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`)));

const idsOf = (rows: readonly { id: string }[]): string[] => rows.map((row) => row.id);

/** Active administrators, and active members who hold one of these duties without a limit to some machines. */
export async function staffIds(store: SpaceStore, duties: readonly Duty[], now: number): Promise<string[]> {
  const admins = await store.db
    .select({ id: members.id })
    .from(members)
    .where(store.in(members, eq(members.role, "makerspace_admin"), eq(members.status, "active")));
  if (duties.length === 0) return idsOf(admins);
  const holders = await store.db.all<{ id: string }>(sql`
    SELECT DISTINCT m.id FROM member_duties d JOIN members m ON m.makerspace_id = d.makerspace_id AND m.id = d.member_id
    WHERE d.makerspace_id = ${store.makerspace_id} AND d.duty IN (SELECT value FROM json_each(${JSON.stringify(duties)}))
      AND d.equipment_ids IS NULL AND (d.ends_at IS NULL OR d.ends_at > ${now}) AND m.status = 'active'`);
  return [...new Set([...idsOf(admins), ...idsOf(holders)])];
}
