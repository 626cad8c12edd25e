/** All that is held on a member: a file for themselves, or for whoever answers their letter. */

import type { z } from "@hono/zod-openapi";
import { eq, inArray, type SQL, sql } from "drizzle-orm";
import { directory } from "../../../platform/db/driver.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { FileWriter } from "../../../platform/file-writer.ts";
import { LINK_TTL } from "../../../platform/files.ts";
import type { Job } from "../../../platform/ops/contract.ts";
import { type JobContext, prepareJob } from "../../../platform/ops/jobs.ts";
import { exportedRows, type Person, type PersonalTable } from "../../../platform/personal-data.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso } from "../../../platform/time.ts";
import { members } from "../tables.ts";

/** The kind of its file in the bucket. */
export const DATA_EXPORT = "data_export";

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

const isTime = /_(at|from|to|until)$/;

/** A column as people read it: instants in ISO 8601, "never" as null. */
const told = (name: string, value: unknown): unknown =>
  typeof value === "number" && isTime.test(name) ? (value === 0 ? null : toIso(value)) : value;

const toLine = (row: Record<string, unknown>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, told(name, value)])));

/** Writes one table; answers how many rows it had. */
async function writeTable(
  writer: FileWriter,
  store: SpaceStore,
  entry: PersonalTable,
  person: Person,
): Promise<number> {
  let rows = 0;
  await writer.write(`${JSON.stringify(entry.name)}:{"about":${JSON.stringify(entry.about)},"rows":[`);
  for await (const page of exportedRows(store, directory(), entry, person)) {
    await writer.write(`${rows > 0 ? "," : ""}\n${page.map(toLine).join(",\n")}`);
    rows += page.length;
  }
  await writer.write("]}");
  return rows;
}

/** The job: table by table into one file, in bounded memory. A second run writes the same file again. */
export const exportMemberDataJob =
  (registry: readonly PersonalTable[]) =>
  async (job: JobContext): Promise<Record<string, number>> => {
    const { store, makerspace_id, job_id, now } = job;
    const member_id = String(job.input.member_id);
    const person = await personOf(store, member_id);
    if (!person) throw problem("not_found");
    const expires_at = now + LINK_TTL;
    const ref = { kind: DATA_EXPORT, id: job_id };
    const writer = await FileWriter.open({ ...ref, makerspace_id }, { content_type: "application/json", expires_at });
    const given = registry.filter(({ exported }) => !("withheld" in exported));
    const withheld = registry.flatMap(({ name, about, exported, walks }) =>
      "withheld" in exported && walks(makerspace_id, person).length > 0
        ? [{ table: name, about, reason: exported.withheld }]
        : [],
    );
    let rows = 0;
    try {
      const head = JSON.stringify({ makerspace_id, member_id, exported_at: toIso(now), withheld });
      await writer.write(`${head.slice(0, -1)},"data":{\n`);
      for (const [index, entry] of given.entries()) {
        if (index > 0) await writer.write(",\n");
        rows += await writeTable(writer, store, entry, person);
        if (!(await job.progress(index + 1, given.length))) {
          await writer.abort();
          return { rows };
        }
      }
      await writer.write("\n}}\n");
      await writer.close();
    } catch (error) {
      await writer.abort();
      throw error;
    }
    await job.attach({ ...ref, filename: `member-${member_id}.json`, expires_at });
    return { rows };
  };
