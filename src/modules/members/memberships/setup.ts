/** Setup fees: paid once, by whichever plans a member comes. */

import { eq, type SQL, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { Space } from "../../../platform/space.ts";
import type { PlanRow } from "../plans/view.ts";
import { members } from "../tables.ts";
import { membershipTransactions } from "./tables.ts";

type Fee = Pick<PlanRow, "setup_fee_minor" | "currency">;

/** What of a plan's setup fee the member's transactions do not state yet; those of every plan in its currency count. */
const open = (space: Space, member_id: string, { setup_fee_minor, currency }: Fee): SQL<number> => sql`(
  SELECT max(0, ${setup_fee_minor} - coalesce(sum(json_extract(paid.breakdown, '$.setup_fee_minor')), 0))
  FROM ${membershipTransactions} paid
  WHERE paid.makerspace_id = ${space.id} AND paid.member_id = ${member_id} AND paid.currency = ${currency})`;

/** The part of a plan's setup fee that falls due with the member's first paid period on it, in the smallest unit. */
export async function setupDue(space: Space, member_id: string, plan: Fee): Promise<number> {
  if (plan.setup_fee_minor === 0) return 0;
  const [row] = await space.db
    .select({ due: open(space, member_id, plan) })
    .from(members)
    .where(space.store.in(members, eq(members.id, member_id)));
  return row?.due ?? 0;
}

/** Before the transaction that states a fee: nobody else has stated it since it was read. */
export const setupWrites = (space: Space, member_id: string, plan: Fee, setup_fee_minor: number): Write[] =>
  setup_fee_minor === 0
    ? []
    : [
        write(
          space.db
            .update(members)
            .set({ updated_at: sql`${members.updated_at}` })
            .where(
              space.store.in(
                members,
                eq(members.id, member_id),
                sql`${open(space, member_id, plan)} = ${setup_fee_minor}`,
              ),
            ),
          { expect: "conflict" },
        ),
      ];
