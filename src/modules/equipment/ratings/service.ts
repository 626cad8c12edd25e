/** What members say of machines that they have used: one rating each, moderated, answered. Sums are the database's own. */

import type { z } from "@hono/zod-openapi";
import { and, desc, eq, lt, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import { type MachineRow, requireMachine } from "../machines/view.ts";
import { mayManage } from "../standing.ts";
import type { Rating, RatingInput, RatingPatch, RatingQuery } from "./contract.ts";
import type { ratingStatuses } from "./model.ts";
import { equipmentRatings } from "./tables.ts";

type View = z.output<typeof Rating>;
type Row = typeof equipmentRatings.$inferSelect;
type Status = (typeof ratingStatuses)[number];

const moderates = (space: Space, equipment_id: string): boolean =>
  space.scope("ratings.moderate", equipment_id) === "any";

/** Who wrote it stays between them and staff. */
function viewRating(space: Space, row: Row): View {
  const isOwn = row.member_id === space.actor.id;
  const isKnown = isOwn || moderates(space, row.equipment_id);
  return {
    id: row.id,
    equipment_id: row.equipment_id,
    member_id: isKnown ? row.member_id : null,
    stars: row.stars,
    text: row.text,
    status: row.status,
    hidden_reason: row.hidden_reason,
    answer: row.answer,
    answered_at: toIsoOrNull(row.answered_at),
    created_at: toIso(row.created_at),
    updated_at: toIso(row.updated_at),
    version: row.version,
  };
}

/** Whether somebody has really used a machine: a session that is over. As a condition of the statement that writes the rating. */
const hasUsed = (space: Space, equipment_id: string, member_id: string) => sql`EXISTS (
  SELECT 1 FROM sessions WHERE makerspace_id = ${space.id} AND member_id = ${member_id} AND equipment_id = ${equipment_id}
    AND status = 'completed')`;

/**
 * Rates a machine that one has used.
 * @throws not_found, equipment_retired; rating_exists, machine_not_used
 */
export async function rateMachine(
  space: Space,
  rows: MachineRow[],
  { stars, text }: z.output<typeof RatingInput>,
): Promise<View> {
  const machine = requireMachine(rows);
  if (machine.retired_at !== null) throw problem("equipment_retired");
  const { id: member_id } = space.member;
  const row: Row = space.store.row({
    id: newId(),
    equipment_id: machine.id,
    member_id,
    stars,
    text,
    status: "visible" as const,
    hidden_reason: null,
    hidden_by: null,
    answer: null,
    answered_by: null,
    answered_at: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const body = viewRating(space, row);
  await space.commit(
    {
      action: "rating.created",
      subject: { type: "rating", id: row.id, version: 1 },
      after: { equipment_id: machine.id, stars },
      answer: { status: 201, body },
    },
    write(
      space.db.run(sql`
        INSERT INTO equipment_ratings (makerspace_id, id, equipment_id, member_id, stars, text, status, version, created_at, updated_at)
        SELECT ${space.id}, ${row.id}, ${machine.id}, ${member_id}, ${stars}, ${text}, 'visible', 1, ${space.now}, ${space.now}
        WHERE ${hasUsed(space, machine.id, member_id)}`),
      {
        expect: "machine_not_used",
        unique: { "equipment_ratings.equipment_id, equipment_ratings.member_id": "rating_exists" },
      },
    ),
  );
  return body;
}

/** A rating of this machine that the caller may see. @throws not_found */
async function findRating(space: Space, equipment_id: string, id: string): Promise<Row> {
  const [row] = await space.db
    .select()
    .from(equipmentRatings)
    .where(
      space.store.in(equipmentRatings, eq(equipmentRatings.id, id), eq(equipmentRatings.equipment_id, equipment_id)),
    );
  const isSeen = row?.status === "visible" || row?.member_id === space.actor.id || moderates(space, equipment_id);
  if (!row || !isSeen) throw problem("not_found");
  return row;
}

/** @throws not_found */
export const readRating = async (space: Space, equipment_id: string, id: string): Promise<View> =>
  viewRating(space, await findRating(space, equipment_id, id));

/** Of a machine, newest first. @throws not_found, invalid_cursor, forbidden */
export async function listRatings(
  space: Space,
  rows: MachineRow[],
  query: z.output<typeof RatingQuery>,
): Promise<Page<View>> {
  const { id: equipment_id } = requireMachine(rows);
  const { limit, cursor } = query;
  const status: readonly Status[] = query.status ?? ["visible"];
  if (status.includes("hidden") && !moderates(space, equipment_id)) throw problem("forbidden");
  const list = ["ratings", equipment_id, status];
  const after = readCursor(cursor, list);
  const walks = combinations({ status }).map((one) =>
    space.db
      .select()
      .from(equipmentRatings)
      .where(
        space.store.in(
          equipmentRatings,
          and(
            leads(equipmentRatings.equipment_id, equipment_id),
            one.status === undefined ? undefined : leads(equipmentRatings.status, one.status),
            after ? lt(equipmentRatings.id, after.id) : undefined,
          ),
        ),
      )
      .orderBy(desc(equipmentRatings.id))
      .limit(limit + 1),
  );
  const newest = (a: Row, b: Row): number => (a.id > b.id ? -1 : 1);
  const found = await space.time("db", mergeWalks(space.db, walks, newest, limit + 1));
  return toPage(
    found,
    limit,
    list,
    (row) => ({ value: row.id, id: row.id }),
    (row) => viewRating(space, row),
  );
}

/** Writes a change of a rating that is as it was read. */
async function change(space: Space, row: Row, action: string, values: Partial<Row>, after: object): Promise<View> {
  const set = { ...values, updated_at: space.now, version: row.version + 1 };
  await space.commit(
    {
      action,
      subject: { type: "rating", id: row.id, version: set.version },
      before: { status: row.status, stars: row.stars },
      after: { equipment_id: row.equipment_id, ...after },
    },
    write(
      space.db
        .update(equipmentRatings)
        .set(set)
        .where(
          space.store.in(
            equipmentRatings,
            and(eq(equipmentRatings.id, row.id), eq(equipmentRatings.version, row.version)),
          ),
        ),
      { expect: "conflict" },
    ),
  );
  return viewRating(space, { ...row, ...set });
}

async function findOwn(space: Space, equipment_id: string, id: string): Promise<Row> {
  const row = await findRating(space, equipment_id, id);
  if (row.member_id !== space.actor.id)
    throw problem("forbidden", { detail: "It is for whoever wrote it to change it." });
  return row;
}

/** Changes one's own rating. What is hidden stays hidden. @throws not_found, forbidden, conflict */
export async function changeRating(
  space: Space,
  equipment_id: string,
  id: string,
  patch: z.output<typeof RatingPatch>,
): Promise<View> {
  const row = await findOwn(space, equipment_id, id);
  const values = definedOnly(patch);
  return change(space, row, "rating.updated", values, {
    stars: values.stars ?? row.stars,
    fields: Object.keys(values),
  });
}

/** Takes one's own rating back. @throws not_found, forbidden, conflict */
export async function deleteRating(space: Space, equipment_id: string, id: string): Promise<void> {
  const row = await findOwn(space, equipment_id, id);
  await space.commit(
    {
      action: "rating.deleted",
      subject: { type: "rating", id, version: row.version + 1 },
      before: { equipment_id, stars: row.stars },
    },
    write(
      space.db
        .delete(equipmentRatings)
        .where(
          space.store.in(equipmentRatings, eq(equipmentRatings.id, id), eq(equipmentRatings.version, row.version)),
        ),
      { expect: "conflict" },
    ),
  );
}

/** Hides a rating, with a reason, or shows it again. @throws not_found, illegal_transition, conflict; forbidden for one's own */
export async function moderateRating(
  space: Space,
  equipment_id: string,
  id: string,
  hidden_reason: string | null,
): Promise<View> {
  const row = await findRating(space, equipment_id, id);
  if (row.member_id === space.actor.id) throw problem("forbidden", { detail: "Others decide about one's own rating." });
  const status = hidden_reason === null ? "visible" : "hidden";
  if (row.status === status) throw problem("illegal_transition", { current_status: row.status });
  const values = { status, hidden_reason, hidden_by: hidden_reason === null ? null : space.actor.id } as const;
  return change(space, row, `rating.${status === "hidden" ? "hidden" : "shown"}`, values, { status });
}

/** Answers a rating, or takes the answer back. @throws not_found, forbidden, conflict */
export async function answerRating(space: Space, rows: MachineRow[], id: string, answer: string | null): Promise<View> {
  const machine = requireMachine(rows);
  if (!mayManage(space, machine)) throw problem("forbidden");
  const row = await findRating(space, machine.id, id);
  const isTaken = answer === null;
  const values = {
    answer,
    answered_by: isTaken ? null : space.actor.id,
    answered_at: isTaken ? null : space.now,
  };
  return change(space, row, "rating.answered", values, { answered: !isTaken });
}
