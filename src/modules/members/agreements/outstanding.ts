/** What a member has yet to accept: reads that a booking takes along with its other facts. */

import { eq, type SQL, sql } from "drizzle-orm";
import type { BatchRead } from "../../../platform/access/membership.ts";
import { CLOCK } from "../../../platform/db/columns.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { members } from "../tables.ts";
import { agreements, agreementTexts } from "./tables.ts";

/** A required agreement whose text in force the member has not accepted. */
export interface OutstandingAgreement {
  id: string;
  title: string;
  /** The text to accept. */
  number: number;
  /** Machines that it concerns; null for all. */
  equipment_ids: string[] | null;
}

/** The number of the text of an agreement that is in force; null before the first is. */
export const textInForce = (store: SpaceStore) => sql<number | null>`(
  SELECT max(t.number) FROM agreement_texts t
  WHERE t.makerspace_id = ${store.makerspace_id} AND t.agreement_id = agreements.id AND t.effective_at <= ${CLOCK})`;

const select = (store: SpaceStore, member: SQL) =>
  store.db
    .select({
      id: agreements.id,
      title: agreements.title,
      number: agreementTexts.number,
      equipment_ids: agreements.equipment_ids,
    })
    .from(agreements)
    .innerJoin(
      agreementTexts,
      store.in(
        agreementTexts,
        eq(agreementTexts.agreement_id, agreements.id),
        eq(agreementTexts.number, textInForce(store)),
      ),
    )
    .where(
      store.in(
        agreements,
        eq(agreements.required, true),
        sql`${agreements.archived_at} IS NULL`,
        sql`NOT EXISTS (SELECT 1 FROM agreement_acceptances a
          WHERE a.makerspace_id = ${store.makerspace_id} AND a.member_id = ${member}
            AND a.agreement_id = ${agreements.id} AND a.number >= ${agreementTexts.number})`,
      ),
    );

const read = (rows: unknown): OutstandingAgreement[] => rows as OutstandingAgreement[];

/** Of the caller, in the authorisation trip. */
export const outstandingAgreementsOfUser: BatchRead<OutstandingAgreement[]> = {
  build: (store, { user_id = "" }) =>
    select(store, sql`(SELECT ${members.id} FROM ${members} WHERE ${store.in(members, eq(members.user_id, user_id))})`),
  read,
};

/** Of the member `member_id`. */
export const outstandingAgreements: BatchRead<OutstandingAgreement[]> = {
  build: (store, { member_id = "" }) => select(store, sql`${member_id}`),
  read,
};

/** Those among them that stand before a machine. */
export const concerning = (
  outstanding: readonly OutstandingAgreement[],
  equipment_id: string,
): OutstandingAgreement[] =>
  outstanding.filter(({ equipment_ids }) => equipment_ids === null || equipment_ids.includes(equipment_id));
