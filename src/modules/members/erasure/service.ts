/** Erasures: asked for, withdrawn, begun. What they do stands in job.ts. */

import type { z } from "@hono/zod-openapi";
import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { jobs } from "../../../platform/db/tables.ts";
import { prepareJob } from "../../../platform/ops/jobs.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { paidFor } from "../billing_groups/reads.ts";
import { isAdministrator } from "../people/changes.ts";
import { moveMember, requiredMember } from "../people/moves.ts";
import type { MemberRow } from "../people/view.ts";
import { members } from "../tables.ts";
import type { Erasure, ErasureQuery } from "./contract.ts";
import { type ErasureStatus, erasureStatuses, SECOND_THOUGHTS } from "./model.ts";
import type { ErasurePorts } from "./port.ts";
import { erasureKeeps, erasures } from "./tables.ts";
import { type ErasureRow, type KeepRow, viewErasure } from "./view.ts";

type View = z.output<typeof Erasure>;

/** One's own, or with members.erase for all anybody's. @throws not_found */
function refuseStranger(space: Space, member_id: string): void {
  if (space.scope("members.erase") !== "any" && member_id !== space.actor.id) throw problem("not_found");
}

/** The erasure of a member, whatever became of it. */
export async function findErasure(space: Pick<Space, "store" | "db">, member_id: string): Promise<ErasureRow | null> {
  const [row] = await space.db
    .select()
    .from(erasures)
    .where(space.store.in(erasures, eq(erasures.member_id, member_id)));
  return row ?? null;
}

const keepsOf = (space: Space, member_ids: readonly string[]): Promise<KeepRow[]> =>
  space.db
    .select()
    .from(erasureKeeps)
    .where(space.store.in(erasureKeeps, inArray(erasureKeeps.member_id, [...member_ids])))
    .orderBy(asc(erasureKeeps.data));

/** How far an erasure is, and what it keeps. @throws not_found */
export async function readErasure(space: Space, member_id: string): Promise<View> {
  refuseStranger(space, member_id);
  const row = await findErasure(space, member_id);
  if (!row) throw problem("not_found");
  return viewErasure(row, await keepsOf(space, [member_id]));
}

/** Erasures by member; for those who see to them. @throws forbidden without members.erase for all */
export async function listErasures(space: Space, query: z.output<typeof ErasureQuery>): Promise<Page<View>> {
  if (space.scope("members.erase") !== "any") throw problem("forbidden");
  const { limit, cursor, status } = query;
  const list = ["erasures", status];
  const after = readCursor(cursor, list);
  const walks = combinations({ status: status ? [status] : erasureStatuses }).map((one) =>
    space.db
      .select()
      .from(erasures)
      .where(
        space.store.in(
          erasures,
          leads(erasures.status, one.status ?? ""),
          after ? gt(erasures.member_id, after.id) : undefined,
        ),
      )
      .orderBy(asc(erasures.member_id))
      .limit(limit + 1),
  );
  const byId = (a: ErasureRow, b: ErasureRow): number => (a.member_id < b.member_id ? -1 : 1);
  const rows = await mergeWalks(space.db, walks, byId, limit + 1);
  const kept = Map.groupBy(
    await keepsOf(
      space,
      rows.map((row) => row.member_id),
    ),
    (keep) => keep.member_id,
  );
  const key = (row: ErasureRow) => ({ value: row.member_id, id: row.member_id });
  return toPage(rows, limit, list, key, (row) => viewErasure(row, kept.get(row.member_id) ?? []));
}

/** Takes the place of a request in one of these statuses that is still as it was read, and of none else. */
const requestWrite = (
  space: Space,
  row: ErasureRow,
  from: readonly ErasureStatus[],
  more: Omit<Write, "statement"> = { expect: "conflict" },
) => {
  const { makerspace_id: _, member_id: __, created_at: ___, ...change } = row;
  return write(
    space.db
      .insert(erasures)
      .values(row)
      .onConflictDoUpdate({
        target: [erasures.makerspace_id, erasures.member_id],
        set: change,
        setWhere: sql`${inArray(erasures.status, [...from])} AND ${erasures.version} = ${row.version - 1}`,
      }),
    more,
  );
};

const toRow = (space: Space, member_id: string, known: ErasureRow | null, more: Partial<ErasureRow>): ErasureRow =>
  space.store.row({
    member_id,
    status: "waiting" as const,
    requested_by: space.actor.id,
    requested_at: space.now,
    due_at: space.now,
    job_id: null,
    step: 0,
    place: "",
    done_at: null,
    created_at: known?.created_at ?? space.now,
    updated_at: space.now,
    version: (known?.version ?? 0) + 1,
    ...more,
  });

/** One's own: it waits, so that one can think again, and nobody who has found an open session does it in one's place. */
async function requestOwn(space: Space, member: MemberRow, known: ErasureRow | null): Promise<View> {
  if (isAdministrator(member)) {
    const [other] = await space.db
      .select({ id: members.id, user_id: members.user_id })
      .from(members)
      .where(space.store.in(members, leads(members.role, "makerspace_admin"), eq(members.status, "active")))
      .limit(2)
      .then((rows) => rows.filter(({ id, user_id }) => id !== member.id && user_id !== null));
    if (!other) throw problem("last_administrator");
  }
  if ((await paidFor(space, [member.id])).size > 0) throw problem("payer_of_group");
  const row = toRow(space, member.id, known, { due_at: space.now + SECOND_THOUGHTS });
  await space.commit(
    {
      action: "member.erasure_requested",
      subject: { type: "member", id: member.id, version: member.version },
      after: { due_at: row.due_at },
      events: [{ type: "member.erasure_requested", data: { due_at: row.due_at } }],
    },
    requestWrite(space, row, ["withdrawn"]),
  );
  return viewErasure(row, []);
}

/** True while a job is at work, or queued. */
async function isUnderWay({ db, store }: Space, { job_id }: ErasureRow): Promise<boolean> {
  if (job_id === null) return false;
  const [job] = await db
    .select({ status: jobs.status })
    .from(jobs)
    .where(store.in(jobs, eq(jobs.id, job_id)));
  return job?.status === "queued" || job?.status === "running";
}

/**
 * Begins an erasure, or goes on with one whose job has failed: the member is a stranger from now on, and a job does the rest.
 * @throws erasure_blocked with each reason; last_administrator, conflict
 */
export async function beginErasure(
  space: Space,
  member_id: string,
  known: ErasureRow | null,
  ports: ErasurePorts,
): Promise<View> {
  if (known?.status === "running" && (await isUnderWay(space, known))) return viewErasure(known, []);
  const reasons = await ports.obstacles(space.store, member_id);
  if (reasons.length > 0) throw problem("erasure_blocked", { reasons });
  const member = await requiredMember(space, member_id);
  const job = prepareJob(space, "erase_member", { member_id });
  const request = known?.status === "waiting" ? known : null;
  const row = toRow(space, member_id, known, {
    ...(request && { requested_by: request.requested_by, requested_at: request.requested_at }),
    // A step that is done is not repeated.
    ...(known?.status === "running" && { ...known, version: known.version + 1, updated_at: space.now }),
    status: "running",
    job_id: job.view.id,
  });
  const begun = {
    action: "member.erasure_begun",
    subject: { type: "member", id: member_id, version: member.version },
    after: { job_id: job.view.id },
  };
  const from = known ? [known.status] : [];
  if (member.status === "left") {
    await space.commit({ ...begun, events: [job.event] }, requestWrite(space, row, from), job.write);
    return viewErasure(row, []);
  }
  // One batch: who takes the request back in time stays a member.
  await moveMember(space, member_id, () => ({
    step: "remove",
    to: "left",
    action: "member.removed",
    set: { left_at: space.now },
    events: [{ type: "member.removed", data: { cancel_bookings: true } }, job.event],
    writes: [requestWrite(space, row, from, { expect: "illegal_transition", entry: begun }), job.write],
  }));
  await ports.effects.shutOut(space, member_id, true);
  return viewErasure(row, []);
}

/**
 * Asks for an erasure. One's own waits for seven days; for others it begins at once. Repeating it changes nothing.
 * @throws not_found, forbidden, erasure_blocked, last_administrator, conflict; illegal_transition for who was erased, or merged away
 */
export async function requestErasure(space: Space, member_id: string, ports: ErasurePorts): Promise<View> {
  refuseStranger(space, member_id);
  const member = await requiredMember(space, member_id);
  if (member.erased_at !== null || member.merged_into !== null)
    throw problem("illegal_transition", { current_status: member.status });
  const known = await findErasure(space, member_id);
  if (member_id === space.actor.id)
    return known?.status === "waiting" ? viewErasure(known, []) : requestOwn(space, member, known);
  if (!space.access.covers(member.role, [])) throw problem("forbidden");
  return beginErasure(space, member_id, known, ports);
}

/** Takes a request back while it waits: whoever asked, and nobody in their place. @throws not_found, forbidden; illegal_transition once it has begun */
export async function withdrawErasure(space: Space, member_id: string): Promise<void> {
  refuseStranger(space, member_id);
  const row = await findErasure(space, member_id);
  if (!row) throw problem("not_found");
  if (member_id !== space.actor.id && row.requested_by !== space.actor.id)
    throw problem("forbidden", { detail: "Whoever asked takes it back." });
  if (row.status !== "waiting") throw problem("illegal_transition", { current_status: row.status });
  const { version } = await requiredMember(space, member_id);
  await space.commit(
    { action: "member.erasure_withdrawn", subject: { type: "member", id: member_id, version } },
    write(
      space.db
        .update(erasures)
        .set({ status: "withdrawn", updated_at: space.now, version: row.version + 1 })
        .where(
          and(
            space.store.in(erasures, eq(erasures.member_id, member_id), eq(erasures.status, "waiting")),
            eq(erasures.version, row.version),
          ),
        ),
      { expect: "illegal_transition" },
    ),
  );
}
