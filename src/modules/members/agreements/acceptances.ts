/** Who has accepted what. */

import type { z } from "@hono/zod-openapi";
import { asc, eq, gt, gte, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import { cursorAfter, type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { members } from "../tables.ts";
import type { Acceptance, Signatory, SignatoryQuery } from "./contract.ts";
import type { AcceptanceMethod } from "./model.ts";
import { textInForce } from "./outstanding.ts";
import { textNow } from "./service.ts";
import { agreementAcceptances } from "./tables.ts";
import { type AcceptanceRow, type TextRow, viewAcceptance } from "./view.ts";

/**
 * Records that a member accepts a text; the first record of a text stays.
 * @throws not_found; agreement_superseded when a later text is in force; unknown_reference for a member who is not there
 */
async function record(
  space: Space,
  agreement_id: string,
  number: number,
  member_id: string,
  method: AcceptanceMethod,
): Promise<z.output<typeof Acceptance>> {
  const { agreement } = await textNow(space, agreement_id);
  const row: AcceptanceRow = space.store.row({
    agreement_id,
    number,
    member_id,
    accepted_at: space.now,
    method,
    recorded_by: space.actor.id,
  });
  const body = viewAcceptance(row);
  // Only a text that is there and not behind the one in force, judged in the same statement.
  const statement = space.db.run(sql`
    INSERT INTO agreement_acceptances (makerspace_id, agreement_id, number, member_id, accepted_at, method, recorded_by)
    SELECT ${space.id}, ${agreement_id}, t.number, ${member_id}, ${space.now}, ${method}, ${space.actor.id}
    FROM agreement_texts t JOIN agreements ON agreements.makerspace_id = t.makerspace_id AND agreements.id = t.agreement_id
    WHERE t.makerspace_id = ${space.id} AND t.agreement_id = ${agreement_id} AND t.number = ${number}
      AND t.number >= coalesce(${textInForce(space.store)}, 1)
    ON CONFLICT (makerspace_id, agreement_id, number, member_id) DO UPDATE SET accepted_at = accepted_at`);
  await space.commit(
    {
      action: "agreement.accepted",
      subject: { type: "agreement", id: agreement_id, version: agreement.version },
      after: { number, member_id, method },
      events: [{ type: "agreement.accepted", data: { number, member_id } }],
      answer: { status: 200, body },
    },
    write(statement, { expect: "agreement_superseded" }),
  );
  const [kept] = await space.db
    .select()
    .from(agreementAcceptances)
    .where(
      space.store.in(
        agreementAcceptances,
        eq(agreementAcceptances.agreement_id, agreement_id),
        eq(agreementAcceptances.number, number),
        eq(agreementAcceptances.member_id, member_id),
      ),
    );
  return kept ? viewAcceptance(kept) : body;
}

/** The caller accepts. @throws forbidden for those who are no members; otherwise as `record` */
export const accept = (space: Space, agreement_id: string, number: number): Promise<z.output<typeof Acceptance>> =>
  record(space, agreement_id, number, space.member.id, "in_app");

/** What others accept is staff work. @throws forbidden */
function requireStaff(space: Space): void {
  if (space.scope("agreements.accept") !== "any") throw problem("forbidden", { detail: "This is staff work." });
}

/** Staff keep the paper that a member signed. @throws forbidden; otherwise as `record` */
export async function recordPaper(
  space: Space,
  agreement_id: string,
  { number, member_id }: { number: number; member_id: string },
): Promise<z.output<typeof Acceptance>> {
  requireStaff(space);
  return record(space, agreement_id, number, member_id, "on_paper");
}

type Line = z.output<typeof Signatory>;
type Query = z.output<typeof SignatoryQuery>;

/** The text that counts now is accepted by whoever accepted it or a later one. @throws not_found, forbidden */
export async function listSignatories(space: Space, id: string, query: Query): Promise<Page<Line>> {
  requireStaff(space);
  const { text } = await textNow(space, id);
  return query.status === "accepted" ? listAccepted(space, text, query) : listMissing(space, text, query);
}

const person = { first_name: members.first_name, last_name: members.last_name };
const nameOf = (row: { first_name: string; last_name: string }): string => `${row.first_name} ${row.last_name}`.trim();

/** By text and member. */
async function listAccepted(space: Space, text: TextRow, { limit, cursor }: Query): Promise<Page<Line>> {
  const list = ["accepted", text.agreement_id, text.number];
  const after = readCursor(cursor, list);
  const { agreement_id, number, member_id } = agreementAcceptances;
  const rows = await space.db
    .select({ acceptance: agreementAcceptances, ...person })
    .from(agreementAcceptances)
    .innerJoin(members, space.store.in(members, eq(members.id, member_id)))
    .where(
      space.store.in(
        agreementAcceptances,
        leads(agreement_id, text.agreement_id),
        after
          ? sql`(${number}, ${member_id}) > (${Number(after.value)}, ${after.id})`
          : gte(agreementAcceptances.number, text.number),
      ),
    )
    .orderBy(asc(number), asc(member_id))
    .limit(limit + 1);
  return toPage(
    rows,
    limit,
    list,
    ({ acceptance }) => ({ value: acceptance.number, id: acceptance.member_id }),
    (row) => {
      const { agreement_id: _, ...acceptance } = viewAcceptance(row.acceptance);
      return { display_name: nameOf(row), ...acceptance };
    },
  );
}

/** Members looked through for one page of those who have not. No index knows who is missing, so that a page may be short, or empty. */
const LOOKED_THROUGH = 500;

const nothing = { number: null, accepted_at: null, method: null, recorded_by: null };

/** Active members by id. */
async function listMissing(space: Space, text: TextRow, { limit, cursor }: Query): Promise<Page<Line>> {
  const list = ["missing", text.agreement_id, text.number];
  const after = readCursor(cursor, list);
  const accepted = sql<number>`EXISTS (SELECT 1 FROM agreement_acceptances a
    WHERE a.makerspace_id = ${space.id} AND a.member_id = ${members.id}
      AND a.agreement_id = ${text.agreement_id} AND a.number >= ${text.number})`;
  const rows = await space.db
    .select({ id: members.id, ...person, accepted })
    .from(members)
    .where(space.store.in(members, leads(members.status, "active"), after ? gt(members.id, after.id) : undefined))
    .orderBy(asc(members.id))
    .limit(LOOKED_THROUGH);
  const missing = rows.filter((row) => !row.accepted);
  const page = missing.slice(0, limit);
  const isMore = missing.length > limit || rows.length === LOOKED_THROUGH;
  const last = missing.length > limit ? page.at(-1) : rows.at(-1);
  return {
    data: page.map((row) => ({ member_id: row.id, display_name: nameOf(row), ...nothing })),
    next_cursor: isMore && last ? cursorAfter(list, { value: last.id, id: last.id }) : null,
  };
}
