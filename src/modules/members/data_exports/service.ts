/** All that is held on a member: a file for themselves, or for whoever answers their letter. */

import type { z } from "@hono/zod-openapi";
import { eq, inArray, type SQL, sql } from "drizzle-orm";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { Job } from "../../../platform/ops/contract.ts";
import { prepareJob } from "../../../platform/ops/jobs.ts";
import type { Person } from "../../../platform/personal-data.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { members } from "../tables.ts";

/** A member's own record, and those that were merged into it, by however many steps. */
export const recordsOf = (makerspace_id: string, member_id: string): SQL => sql`(
  WITH RECURSIVE mine (id) AS (
    SELECT ${member_id} UNION
    SELECT m.id FROM mine JOIN members m ON m.makerspace_id = ${makerspace_id} AND m.merged_into = mine.id)
  SELECT id FROM mine)`;

/** Whatever leads to a member. Null when there is none, or when it was erased. */
export async function personOf(store: SpaceStore, member_id: string): Promise<Person | null> {
  const rows = await store.db
    .select({
      id: members.id,
      user_id: members.user_id,
      email: members.email,
      erased_at: members.erased_at,
    })
    .from(members)
    .where(store.in(members, inArray(members.id, recordsOf(store.makerspace_id, member_id))));
  const self = rows.find(({ id }) => id === member_id);
  if (!self || self.erased_at !== null) return null;
  return {
    member_ids: rows.map(({ id }) => id),
    user_ids: rows.flatMap(({ user_id }) => user_id ?? []),
    emails: rows.map(({ email }) => email),
  };
}

/**
 * Queues an export. Whose data it is reads so in the audit, and is told when somebody else wanted it.
 * @throws not_found for others than oneself without members.export for all, and for nobody; illegal_transition for who was erased
 */
export async function startDataExport(space: Space, member_id: string): Promise<z.output<typeof Job>> {
  if (space.scope("members.export") !== "any" && member_id !== space.actor.id) throw problem("not_found");
  const [row] = await space.db
    .select({
      erased_at: members.erased_at,
      merged_into: members.merged_into,
      status: members.status,
      version: members.version,
    })
    .from(members)
    .where(space.store.in(members, eq(members.id, member_id)));
  if (!row) throw problem("not_found");
  if (row.erased_at !== null || row.merged_into !== null)
    throw problem("illegal_transition", { current_status: row.status });
  const { view, write, event } = prepareJob(space, "export_member_data", { member_id });
  const byAnother = member_id !== space.actor.id;
  await space.commit(
    {
      action: "member.data_exported",
      subject: { type: "member", id: member_id, version: row.version },
      after: { job_id: view.id },
      events: [event, ...(byAnother ? [{ type: "member.data_exported" as const, data: {} }] : [])],
      answer: { status: 202, body: view },
    },
    write,
  );
  return view;
}
