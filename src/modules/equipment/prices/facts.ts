/** What a booking reads of prices, in the batch that it reads anyway. Without a price there is no row, and nothing of the person is looked up. */

import { type SQL, sql } from "drizzle-orm";
import type { BatchRead } from "../../../platform/access/membership.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { holdingsJson, readHoldings } from "../../skills/index.ts";
import type { Pricing } from "./model.ts";
import { readNewest, selectNewest } from "./versions.ts";

/** The price of a machine, and what somebody holds of the skills it names. */
export type PricedFor = Pick<Pricing, "book" | "skills">;

const select = (store: SpaceStore, member: SQL, equipment_id: string) =>
  selectNewest(store, equipment_id, {
    skills: holdingsJson(
      store,
      member,
      sql`(SELECT DISTINCT r.skill_id FROM cost_rules r
          WHERE r.makerspace_id = ${store.makerspace_id} AND r.equipment_id = ${equipment_id} AND r.status = 'active' AND r.skill_id IS NOT NULL) l
        JOIN skills s ON s.id = l.skill_id WHERE s.makerspace_id = ${store.makerspace_id}`,
    ).as("skills"),
  });

function read(rows: unknown): PricedFor {
  const [row] = rows as { skills: string }[];
  return { book: readNewest(rows), skills: row ? readHoldings(row.skills) : [] };
}

/** For the caller, on the machine of the path. */
export const priceForUser: BatchRead<PricedFor> = {
  build: (store, { user_id = "", equipment_id = "" }) =>
    select(
      store,
      sql`(SELECT m.id FROM members m WHERE m.makerspace_id = ${store.makerspace_id} AND m.user_id = ${user_id})`,
      equipment_id,
    ),
  read,
};

/** For the member `member_id`, on the machine `equipment_id`. */
export const priceForMember: BatchRead<PricedFor> = {
  build: (store, { member_id = "", equipment_id = "" }) => select(store, sql`${member_id}`, equipment_id),
  read,
};
