/** What guests sign before they come in. Each visit is signed for anew, in the presence of staff. */

import type { z } from "@hono/zod-openapi";
import { asc, eq, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso } from "../../../platform/time.ts";
import { textInForce } from "../agreements/outstanding.ts";
import { agreements, agreementTexts } from "../agreements/tables.ts";
import type { GuestWaivers, WaiverInput } from "./contract.ts";
import { requiredVisit } from "./reads.ts";
import { guestWaivers } from "./tables.ts";

type View = z.output<typeof GuestWaivers>;

/** An agreement for guests whose text in force was not signed for this visit: a condition on `agreements` and `agreement_texts`. */
const isUnsigned = (space: Space, visit_id: string) => sql`
  ${agreements.for_guests} = 1 AND ${agreements.archived_at} IS NULL
  AND ${agreementTexts.number} = ${textInForce(space.store)}
  AND NOT EXISTS (SELECT 1 FROM guest_waivers w
    WHERE w.makerspace_id = ${space.id} AND w.visit_id = ${visit_id}
      AND w.agreement_id = ${agreements.id} AND w.number >= ${agreementTexts.number})`;

/** Everything is signed: for the statement that lets the guest in. */
export const allSigned = (space: Space, visit_id: string) => sql`NOT EXISTS (
  SELECT 1 FROM agreements JOIN agreement_texts
    ON agreement_texts.makerspace_id = agreements.makerspace_id AND agreement_texts.agreement_id = agreements.id
  WHERE agreements.makerspace_id = ${space.id} AND ${isUnsigned(space, visit_id)})`;

/** What is still to be signed for a visit. */
export const unsigned = (space: Space, visit_id: string): Promise<View["outstanding"]> =>
  space.db
    .select({ agreement_id: agreements.id, title: agreements.title, number: agreementTexts.number })
    .from(agreements)
    .innerJoin(agreementTexts, space.store.in(agreementTexts, eq(agreementTexts.agreement_id, agreements.id)))
    .where(space.store.in(agreements, isUnsigned(space, visit_id)))
    .orderBy(asc(agreements.id));

/** What was signed for a visit, and what is outstanding. @throws not_found */
export async function readWaivers(space: Space, visit_id: string): Promise<View> {
  await requiredVisit(space, visit_id);
  const rows = await space.db
    .select()
    .from(guestWaivers)
    .where(space.store.in(guestWaivers, eq(guestWaivers.visit_id, visit_id)))
    .orderBy(asc(guestWaivers.agreement_id), asc(guestWaivers.number));
  const signed = rows.map(({ agreement_id, number, accepted_at, method, recorded_by }) => ({
    agreement_id,
    number,
    accepted_at: toIso(accepted_at),
    method,
    recorded_by,
  }));
  return { signed, outstanding: await unsigned(space, visit_id) };
}

/**
 * Staff record what the guest signed before their eyes; the first record of a text stays.
 * @throws not_found, illegal_transition for a visit that is over; agreement_superseded when a later text is in force
 */
export async function signWaiver(
  space: Space,
  visit_id: string,
  { agreement_id, number, method }: z.output<typeof WaiverInput>,
): Promise<View> {
  const { visit } = await requiredVisit(space, visit_id);
  if (visit.status !== "expected" && visit.status !== "arrived")
    throw problem("illegal_transition", { current_status: visit.status });
  const insert = space.db.run(sql`
    INSERT INTO guest_waivers (makerspace_id, visit_id, agreement_id, number, accepted_at, method, recorded_by)
    SELECT ${space.id}, ${visit_id}, ${agreement_id}, t.number, ${space.now}, ${method}, ${space.actor.id}
    FROM agreement_texts t JOIN agreements ON agreements.makerspace_id = t.makerspace_id AND agreements.id = t.agreement_id
    WHERE t.makerspace_id = ${space.id} AND t.agreement_id = ${agreement_id} AND t.number = ${number}
      AND agreements.for_guests = 1 AND t.number >= coalesce(${textInForce(space.store)}, 1)
    ON CONFLICT (makerspace_id, visit_id, agreement_id, number) DO UPDATE SET accepted_at = accepted_at`);
  await space.commit(
    {
      action: "guest.waiver_signed",
      subject: { type: "guest", id: visit_id, version: visit.version },
      after: { agreement_id, number, method },
    },
    write(insert, { expect: "agreement_superseded" }),
  );
  return readWaivers(space, visit_id);
}
