/** Agreements: made, changed, given new texts, put away. */

import type { z } from "@hono/zod-openapi";
import { and, asc, desc, eq, getTableColumns, gt, lt, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type {
  Agreement,
  AgreementInput,
  AgreementPatch,
  AgreementQuery,
  AgreementText,
  AgreementTextInput,
} from "./contract.ts";
import { textInForce } from "./outstanding.ts";
import { agreements, agreementTexts } from "./tables.ts";
import { type AgreementRow, type TextRow, viewAgreement, viewText } from "./view.ts";

type View = z.output<typeof Agreement>;

const taken = { unique: { "agreements.external_id": "external_id_taken" } } as const;

/** An agreement with the text that counts now (the first, before it does) and what the caller has accepted. */
interface Found {
  agreement: AgreementRow;
  text: TextRow;
  accepted: boolean;
}

const select = (space: Space) =>
  space.db
    .select({
      agreement: getTableColumns(agreements),
      text: getTableColumns(agreementTexts),
      accepted: sql<boolean>`EXISTS (SELECT 1 FROM agreement_acceptances a
        WHERE a.makerspace_id = ${space.id} AND a.agreement_id = ${agreements.id}
          AND a.member_id = ${space.actor.id} AND a.number >= ${agreementTexts.number})`.mapWith(Boolean),
    })
    .from(agreements)
    .innerJoin(
      agreementTexts,
      space.store.in(
        agreementTexts,
        eq(agreementTexts.agreement_id, agreements.id),
        sql`${agreementTexts.number} = coalesce(${textInForce(space.store)}, 1)`,
      ),
    );

const view = (space: Space, { agreement, text, accepted }: Found): View =>
  viewAgreement(agreement, text, space.actor.membership ? accepted : null);

async function find(space: Space, id: string): Promise<Found> {
  const [found] = await select(space).where(space.store.in(agreements, eq(agreements.id, id)));
  if (!found) throw problem("not_found");
  return found;
}

const newText = (space: Space, agreement_id: string, number: number, input: z.output<typeof AgreementTextInput>) =>
  space.store.row({
    agreement_id,
    number,
    body: input.body,
    effective_at: input.effective_at ?? space.now,
    published_by: space.actor.id,
    published_at: space.now,
  });

/** Makes an agreement with its first text. @throws external_id_taken */
export async function createAgreement(space: Space, input: z.output<typeof AgreementInput>): Promise<View> {
  const { body: _, effective_at: __, ...fields } = input;
  const agreement: AgreementRow = space.store.row({
    ...fields,
    id: newId(),
    archived_at: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const text = newText(space, agreement.id, 1, input);
  const body = view(space, { agreement, text, accepted: false });
  const { id, required, equipment_ids } = agreement;
  await space.commit(
    {
      action: "agreement.created",
      subject: { type: "agreement", id, version: 1 },
      after: { required, equipment_ids, effective_at: text.effective_at },
      events: [{ type: "agreement.text_published", data: { number: 1, required, effective_at: text.effective_at } }],
      answer: { status: 201, body },
    },
    write(space.db.insert(agreements).values(agreement), taken),
    write(space.db.insert(agreementTexts).values(text)),
  );
  return body;
}

/** Newest first. */
export async function listAgreements(space: Space, query: z.output<typeof AgreementQuery>): Promise<Page<View>> {
  const { limit, cursor, ...filter } = query;
  const list = ["agreements", filter];
  const after = readCursor(cursor, list);
  const { archived, external_id } = filter;
  const rows = await select(space)
    .where(
      space.store.in(
        agreements,
        archived === "exclude" ? sql`${agreements.archived_at} IS NULL` : undefined,
        external_id === undefined ? undefined : eq(agreements.external_id, external_id),
        after ? lt(agreements.id, after.id) : undefined,
      ),
    )
    .orderBy(desc(agreements.id))
    .limit(limit + 1);
  const key = ({ agreement }: Found) => ({ value: agreement.id, id: agreement.id });
  return toPage(rows, limit, list, key, (found) => view(space, found));
}

/** One agreement. @throws not_found */
export const readAgreement = async (space: Space, id: string): Promise<View> => view(space, await find(space, id));

/** Merges fields; texts are changed by publishing another. @throws not_found, stale_version, conflict, external_id_taken */
export async function changeAgreement(
  space: Space,
  id: string,
  if_match: number | null,
  patch: z.output<typeof AgreementPatch>,
): Promise<View> {
  const before = await find(space, id);
  const { agreement } = before;
  if (if_match !== null && if_match !== agreement.version) throw problem("stale_version");
  const change = { ...definedOnly(patch), updated_at: space.now, version: agreement.version + 1 };
  await space.commit(
    {
      action: "agreement.changed",
      subject: { type: "agreement", id, version: change.version },
      before: { required: agreement.required, equipment_ids: agreement.equipment_ids },
      after: {
        ...definedOnly({ required: patch.required, equipment_ids: patch.equipment_ids }),
        changed: Object.keys(patch),
      },
    },
    write(
      space.db
        .update(agreements)
        .set(change)
        .where(space.store.in(agreements, eq(agreements.id, id), eq(agreements.version, agreement.version))),
      { ...taken, expect: if_match === null ? "conflict" : "stale_version" },
    ),
  );
  return view(space, { ...before, agreement: { ...agreement, ...change } });
}

/** Puts it away: nobody has to accept it any more. What was accepted stays on record. @throws not_found */
export async function archiveAgreement(space: Space, id: string): Promise<void> {
  const { agreement } = await find(space, id);
  if (agreement.archived_at !== null) return;
  const version = agreement.version + 1;
  await space.commit(
    { action: "agreement.archived", subject: { type: "agreement", id, version } },
    write(
      space.db
        .update(agreements)
        .set({ archived_at: space.now, updated_at: space.now, version })
        .where(space.store.in(agreements, eq(agreements.id, id), eq(agreements.version, agreement.version))),
      { expect: "conflict" },
    ),
  );
}

/**
 * Publishes another text. From `effective_at` on the acceptances of earlier ones are not enough.
 * @returns the agreement, with the text that counts now
 * @throws not_found; conflict when somebody published another at the same moment
 */
export async function publishText(space: Space, id: string, input: z.output<typeof AgreementTextInput>): Promise<View> {
  const before = await find(space, id);
  const { agreement } = before;
  if (agreement.archived_at !== null) throw problem("illegal_transition", { current_status: "archived" });
  const inside = space.store.in(agreementTexts, eq(agreementTexts.agreement_id, id));
  const [newest] = await space.db
    .select({
      number: sql<number>`max(${agreementTexts.number})`,
      effective_at: sql<number>`max(${agreementTexts.effective_at})`,
    })
    .from(agreementTexts)
    .where(inside);
  const text = newText(space, id, (newest?.number ?? 0) + 1, input);
  // Texts count in the order of their numbers.
  if (text.effective_at < (newest?.effective_at ?? 0)) {
    const detail = "An earlier text comes into force later than this one would.";
    throw problem("invalid_body", { errors: [{ pointer: "/effective_at", code: "too_early", detail }] });
  }
  const { number, effective_at } = text;
  const isInForce = effective_at <= space.now;
  const body = view(space, isInForce ? { agreement, text, accepted: false } : before);
  await space.commit(
    {
      action: "agreement.text_published",
      subject: { type: "agreement", id, version: agreement.version },
      after: { number, effective_at },
      events: [{ type: "agreement.text_published", data: { number, required: agreement.required, effective_at } }],
      answer: { status: 200, body },
    },
    write(space.db.insert(agreementTexts).values(text), { unique: { "agreement_texts.number": "conflict" } }),
  );
  return body;
}

/** Every text, oldest first. @throws not_found */
export async function listTexts(
  space: Space,
  id: string,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<z.output<typeof AgreementText>>> {
  await find(space, id);
  const list = ["agreement_texts", id];
  const after = readCursor(query.cursor, list);
  const rows = await space.db
    .select()
    .from(agreementTexts)
    .where(
      space.store.in(
        agreementTexts,
        and(eq(agreementTexts.agreement_id, id), after ? gt(agreementTexts.number, Number(after.value)) : undefined),
      ),
    )
    .orderBy(asc(agreementTexts.number))
    .limit(query.limit + 1);
  return toPage(rows, query.limit, list, (row) => ({ value: row.number, id: String(row.number) }), viewText);
}

/** The text that counts now. @throws not_found */
export const textNow = async (space: Space, id: string): Promise<{ agreement: AgreementRow; text: TextRow }> =>
  find(space, id);
