/** What stands between a minor and a booking: reads that a booking takes along with its other facts. */

import { eq, type SQL, sql } from "drizzle-orm";
import type { BatchRead } from "../../../platform/access/membership.ts";
import { CLOCK } from "../../../platform/db/columns.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { Space } from "../../../platform/space.ts";
import { Zone } from "../../../platform/zone.ts";
import { members } from "../tables.ts";
import { dateIn, isUnderAge } from "./model.ts";
import { minors } from "./tables.ts";

/** What is known of somebody who was recorded as a minor. */
export interface Guardianship {
  /** ISO 8601 date. */
  birth_date: string;
  /** A guardian has consented, and it counts now. */
  has_consent: boolean;
}

/** True when somebody whose guardian it still is has consented, and it has neither ended nor been withdrawn. */
export const consented = (store: SpaceStore): SQL<boolean> => sql<boolean>`EXISTS (
  SELECT 1 FROM guardian_consents c JOIN guardians g ON g.makerspace_id = c.makerspace_id AND g.id = c.guardian_id
  WHERE c.makerspace_id = ${store.makerspace_id} AND c.member_id = minors.member_id AND c.withdrawn_at IS NULL
    AND (c.valid_until IS NULL OR c.valid_until > ${CLOCK}) AND g.ended_at IS NULL)`;

const select = (store: SpaceStore, member: SQL) =>
  store.db
    .select({ birth_date: minors.birth_date, has_consent: consented(store).mapWith(Boolean) })
    .from(minors)
    .where(store.in(minors, eq(minors.member_id, member)));

const read = (rows: unknown): Guardianship | null => (rows as Guardianship[])[0] ?? null;

/** Of the caller, in the authorisation trip; null for those who were not recorded as minors. */
export const guardianshipOfUser: BatchRead<Guardianship | null> = {
  build: (store, { user_id = "" }) =>
    select(store, sql`(SELECT ${members.id} FROM ${members} WHERE ${store.in(members, eq(members.user_id, user_id))})`),
  read,
};

/** Of the member `member_id`. */
export const guardianship: BatchRead<Guardianship | null> = {
  build: (store, { member_id = "" }) => select(store, sql`${member_id}`),
  read,
};

/** The date on the makerspace's wall clock. */
export const today = ({ settings, now }: Space): string => dateIn(new Zone(settings.timezone), now);

/** True for somebody who is under age today. */
export const isMinor = (space: Space, birth_date: string): boolean =>
  isUnderAge(birth_date, space.settings.sections.access.age_of_majority, today(space));

/** True for somebody under age for whom no guardian's consent is in force. */
export const needsConsent = (space: Space, found: Guardianship | null): boolean =>
  found !== null && !found.has_consent && isMinor(space, found.birth_date);
