/** Work that takes time: a row with progress, run by the queue, read and cancelled over HTTP. */

import type { z } from "@hono/zod-openapi";
import { and, desc, eq, inArray, lt, or } from "drizzle-orm";
import { write } from "../db/commit.ts";
import { type Page, readCursor, toPage } from "../db/page.ts";
import { jobs } from "../db/tables.ts";
import { newId } from "../ids.ts";
import { describeError, log } from "../log.ts";
import { problem } from "../problem.ts";
import { type Consumers, type EventContext, NotNow } from "../queue.ts";
import type { Space } from "../space.ts";
import { MINUTE, toIso } from "../time.ts";
import type { Job } from "./contract.ts";

type JobRow = typeof jobs.$inferSelect;
type JobView = z.output<typeof Job>;

/** Row → JSON. */
export const viewJob = (row: JobRow): JobView => ({
  id: row.id,
  kind: row.kind,
  status: row.status,
  progress: { done: row.done, total: row.total },
  result: row.result as Record<string, number> | null,
  result_url: null,
  problem: row.problem as JobView["problem"],
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

/** What a job may do while it runs. */
export interface JobContext extends EventContext {
  makerspace_id: string;
  input: Record<string, unknown>;
  /** Writes progress; false when somebody cancelled, and the job should stop. */
  progress(done: number, total: number): Promise<boolean>;
}

/** Job kind → its work. It may run twice, so it must be idempotent. Returns figures to show. */
export type JobRunners = Readonly<Record<string, (context: JobContext) => Promise<Record<string, number>>>>;

/** Queues a job and answers with it. */
export async function startJob(space: Space, kind: string, input: Record<string, unknown>): Promise<JobView> {
  const row: JobRow = space.store.row({
    id: newId(),
    kind,
    status: "queued" as const,
    input,
    done: 0,
    total: null,
    result: null,
    problem: null,
    created_by: space.actor.id,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const body = viewJob(row);
  await space.commit(
    {
      action: "job.queued",
      subject: { type: "job", id: row.id, version: 1 },
      after: { kind, input },
      events: [{ type: "job.queued", data: { kind } }],
      answer: { status: 202, body },
    },
    write(space.db.insert(jobs).values(row)),
  );
  return body;
}

/** One job. @throws not_found */
export async function readJob(space: Space, id: string): Promise<JobView> {
  const [row] = await space.db
    .select()
    .from(jobs)
    .where(space.store.in(jobs, eq(jobs.id, id)));
  if (!row) throw problem("not_found");
  return viewJob(row);
}

/** Newest first. */
export async function listJobs(
  space: Space,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<JobView>> {
  const after = readCursor(query.cursor, "jobs");
  const rows = await space.db
    .select()
    .from(jobs)
    .where(space.store.in(jobs, after ? lt(jobs.id, after.id) : undefined))
    // Ids sort by time of birth.
    .orderBy(desc(jobs.id))
    .limit(query.limit + 1);
  return toPage(rows, query.limit, "jobs", (row) => ({ value: row.created_at, id: row.id }), viewJob);
}

/** Cancels what is queued or running; a running job stops at its next progress. @throws illegal_transition */
export async function cancelJob(space: Space, id: string): Promise<JobView> {
  const before = await readJob(space, id);
  await space.commit(
    {
      action: "job.cancelled",
      subject: { type: "job", id, version: before.version + 1 },
      before: { status: before.status },
      after: { status: "cancelled" },
    },
    write(
      space.db
        .update(jobs)
        .set({ status: "cancelled", updated_at: space.now, version: before.version + 1 })
        .where(space.store.in(jobs, eq(jobs.id, id), inArray(jobs.status, ["queued", "running"]))),
      { expect: "illegal_transition" },
    ),
  );
  return readJob(space, id);
}

/** A running job that has not said anything for this long is taken over. */
const LEASE = 5 * MINUTE;

async function runJob(runners: JobRunners, id: string, makerspace_id: string, context: EventContext): Promise<void> {
  const { store } = context;
  const mine = store.in(jobs, eq(jobs.id, id), inArray(jobs.status, ["queued", "running"]));
  const free = or(eq(jobs.status, "queued"), lt(jobs.updated_at, Date.now() - LEASE));
  const [row] = await store.db
    .update(jobs)
    .set({ status: "running", updated_at: Date.now() })
    .where(and(mine, free))
    .returning();
  if (!row) {
    const [other] = await store.db.select({ status: jobs.status }).from(jobs).where(mine);
    // Another delivery works on it: this one leaves the outbox row, which comes again should that one die.
    if (other) throw new NotNow();
    return;
  }
  const runner = runners[row.kind];
  const progress = async (done: number, total: number): Promise<boolean> => {
    const [kept] = await store.db
      .update(jobs)
      .set({ done, total, updated_at: Date.now() })
      .where(mine)
      .returning({ id: jobs.id });
    return kept !== undefined;
  };
  const finish = (set: Partial<JobRow>) =>
    store.db
      .update(jobs)
      .set({ ...set, updated_at: Date.now(), version: row.version + 1 })
      .where(mine);
  try {
    if (!runner) throw new Error(`no runner for ${row.kind}`);
    const result = await runner({ ...context, makerspace_id, input: row.input as Record<string, unknown>, progress });
    await finish({ status: "succeeded", result });
  } catch (error) {
    log.error("job_failed", { job_id: id, kind: row.kind, error: describeError(error) });
    await finish({ status: "failed", problem: problem("internal_error").body(`/jobs/${id}`, id) });
  }
}

/** The consumer that runs jobs. */
export const jobConsumers = (runners: JobRunners): Consumers<"job.queued"> => ({
  "job.queued": [
    {
      name: "run_job",
      async handle(envelope, context) {
        await runJob(runners, envelope.subject.id, envelope.makerspace_id, context);
        return [];
      },
    },
  ],
});
