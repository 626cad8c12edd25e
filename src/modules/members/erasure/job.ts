/** The work of an erasure: step by step outside the makerspace's tables, then everything in them in one commit. Each step may be repeated. */

import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import { eraseAuditDetails } from "../../../platform/audit/erase.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import { directory } from "../../../platform/db/driver.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { GO_ON, type JobContext } from "../../../platform/ops/jobs.ts";
import {
  grounds,
  type Person,
  type PersonalTable,
  type PersonalWork,
  rowsOf,
} from "../../../platform/personal-data.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { DAY } from "../../../platform/time.ts";
import { personOf } from "../data_exports/service.ts";
import { members } from "../tables.ts";
import { endOfYearAfter } from "./model.ts";
import type { ErasurePorts } from "./port.ts";
import { findErasure } from "./service.ts";
import { erasures } from "./tables.ts";

/** The words in the audit beside what was erased. */
const GROUND = "The member was erased.";

/** What is done to the rows of one table; null when they stay as they are, or somebody else sees to them. */
function erasureOf({ db }: SpaceStore, { table, erasure }: PersonalTable, rows: SQL) {
  if (erasure.how === "delete") return db.delete(table).where(rows);
  if (erasure.how === "empty") return db.update(table).set(erasure.set).where(rows);
  return null;
}

/** The files of rows that go; whatever is written of them meanwhile, too. */
const filesOf = ({ db, makerspace_id }: SpaceStore, { table, erasure }: PersonalTable, rows: SQL, now: number) =>
  erasure.how === "delete" && erasure.file !== undefined
    ? [
        db.run(sql`INSERT INTO loose_files (makerspace_id, kind, id, noted_at, doomed)
          SELECT ${makerspace_id}, ${erasure.file}, id, ${now}, 1 FROM ${table} WHERE ${rows} ON CONFLICT DO NOTHING`),
      ]
    : [];

const writesIn = (store: SpaceStore, registry: readonly PersonalTable[], person: Person, now: number): Write[] =>
  registry
    .filter(({ database }) => database === "space")
    .flatMap((entry) => {
      const rows = rowsOf(entry, store.makerspace_id, person);
      const statement = rows && erasureOf(store, entry, rows);
      return statement ? [...filesOf(store, entry, rows, now), statement].map((one) => write(one)) : [];
    });

/** A person's rows in the directory, in the order of the registry: who belongs nowhere any more is forgotten altogether. */
export const directoryWork = (registry: readonly PersonalTable[]): PersonalWork => ({
  name: "directory",
  async run({ makerspace_id }, person) {
    const db = directory();
    for (const entry of registry) {
      const rows = entry.database === "directory" ? rowsOf(entry, makerspace_id, person) : undefined;
      if (rows && entry.erasure.how === "delete") await db.delete(entry.table).where(rows);
    }
    return null;
  },
});

/** When rows that are kept are deleted; null for what stays without anybody's name, or goes by itself. */
function keptUntil(space: Space, ground: keyof typeof grounds): number | null {
  const { years, days }: { about: string; years?: number; days?: number } = grounds[ground];
  if (years !== undefined) return endOfYearAfter(space.now, years, space.settings.timezone);
  return days === undefined ? null : space.now + days * DAY;
}

/** What is older than its ground needs no keeping: it goes with the erasure. */
const tooOldWrites = (space: Space, registry: readonly PersonalTable[], person: Person): Write[] =>
  registry.flatMap((entry) => {
    const { keep, since } = entry.erasure as { keep?: keyof typeof grounds; since?: SQL };
    const rows = rowsOf(entry, space.id, person);
    if (!keep || !since) return [];
    const { years }: { about: string; years?: number } = grounds[keep];
    // Before this lies what happened so many whole calendar years ago.
    const over = years === undefined ? 0 : endOfYearAfter(space.now, -years - 1, space.settings.timezone);
    return [write(space.db.delete(entry.table).where(and(rows, sql`${since} < ${over}`)))];
  });

/** Notes what is kept, of what there is. */
function keepWrites(space: Space, registry: readonly PersonalTable[], person: Person, member_id: string): Write[] {
  return registry.flatMap((entry) => {
    const { keep } = entry.erasure as { keep?: keyof typeof grounds };
    const rows = entry.database === "space" ? rowsOf(entry, space.id, person) : undefined;
    if (!keep || !rows) return [];
    return [
      write(
        space.db.run(sql`
          INSERT INTO erasure_keeps (makerspace_id, member_id, data, ground, keep_until)
          SELECT ${space.id}, ${member_id}, ${entry.name}, ${keep}, ${keptUntil(space, keep)}
          WHERE EXISTS (SELECT 1 FROM ${entry.table} WHERE ${rows}) ON CONFLICT DO NOTHING`),
      ),
    ];
  });
}

/** The last step: all of it or nothing. */
async function eraseRows(space: Space, { registry }: ErasurePorts, person: Person, member_id: string): Promise<void> {
  const { member_ids } = person;
  const subject = { type: "member", id: member_id, version: 0 };
  await space.commit(
    {
      action: "member.erased",
      subject,
      after: { records: member_ids.length },
      events: [
        { type: "member.erased", data: {} },
        { type: "erasure.late_due", data: {} },
      ],
    },
    write(
      space.db
        .update(erasures)
        .set({ status: "done", done_at: space.now, updated_at: space.now, version: sql`${erasures.version} + 1` })
        .where(space.store.in(erasures, eq(erasures.member_id, member_id), eq(erasures.status, "running"))),
      { expect: "conflict" },
    ),
    ...tooOldWrites(space, registry, person),
    ...keepWrites(space, registry, person, member_id),
    ...member_ids.flatMap((id) => eraseAuditDetails(space.store, { type: "member", id }, GROUND, space.now)),
    ...writesIn(space.store, registry, person, space.now),
    write(
      space.db
        .update(members)
        .set({ erased_at: space.now, updated_at: space.now, version: sql`${members.version} + 1` })
        .where(and(space.store.in(members, inArray(members.id, [...member_ids])))),
    ),
  );
}

/** What came in while it happened: rows of events that were under way, and a machine that was told of the person once more. */
export async function eraseLatecomers(store: SpaceStore, ports: ErasurePorts, person: Person, now: number) {
  for (const work of ports.works) {
    for (let place: string | null = ""; place !== null; ) place = await work.run(store, person, place);
  }
  return ports.registry.flatMap((entry) => {
    const rows = entry.database === "space" ? rowsOf(entry, store.makerspace_id, person) : undefined;
    return rows && entry.erasure.how === "delete"
      ? [...filesOf(store, entry, rows, now), store.db.delete(entry.table).where(rows)]
      : [];
  });
}

/** How far it has come: whoever goes on begins there. */
const note = (store: SpaceStore, member_id: string, step: number, place: string) =>
  store.db
    .update(erasures)
    .set({ step, place })
    .where(store.in(erasures, eq(erasures.member_id, member_id), eq(erasures.status, "running")));

/** The job behind an erasure. */
export const eraseMemberJob = (ports: ErasurePorts) => async (job: JobContext) => {
  const { store, request_id } = job;
  const member_id = String(job.input.member_id);
  const row = await findErasure({ store, db: store.db }, member_id);
  const person = await personOf(store, member_id);
  if (row?.status !== "running" || !person) return { steps: row?.step ?? 0 };
  const total = ports.works.length + 1;
  let [step, place] = [row.step, row.place];
  for (let work = ports.works[step]; work; work = ports.works[step]) {
    const next = await work.run(store, person, place);
    [step, place] = next === null ? [step + 1, ""] : [step, next];
    await note(store, member_id, step, place);
    if (!(await job.progress(step, total))) return { steps: step };
    // Each invocation may do so much: a part is one.
    if (next !== null) return GO_ON;
  }
  const now = Date.now();
  const space = await loadSystemSpace(store, ports.settings, { actor_id: "erasure", request_id, now });
  if (!space) throw problem("not_found");
  await eraseRows(space, ports, person, member_id);
  await job.progress(total, total);
  return { steps: total };
};
