/** Work that takes time: a row with progress, run by the queue, read and cancelled over HTTP. */

import type { z } from "@hono/zod-openapi";
import { and, desc, eq, inArray, lt, or, type SQL } from "drizzle-orm";
import { type Write, write } from "../db/commit.ts";
import { leads } from "../db/fan-out.ts";
import { type Page, readCursor, toPage } from "../db/page.ts";
import type { SpaceStore } from "../db/store.ts";
import { jobs, outbox } from "../db/tables.ts";
import type { EventDraft, EventEnvelope } from "../events.ts";
import { type FileRef, linkFile } from "../files.ts";
import { newId } from "../ids.ts";
import { describeError, log } from "../log.ts";
import { Problem, problem } from "../problem.ts";
import { type Consumers, type EventContext, NotNow, sendEvents } from "../queue.ts";
import type { Space } from "../space.ts";
import { MINUTE, toIso } from "../time.ts";
import type { Job } from "./contract.ts";

type JobRow = typeof jobs.$inferSelect;
type JobView = z.output<typeof Job>;

/** A file that a job leaves, in the makerspace's folder of the bucket. */
export interface JobFile extends Omit<FileRef, "makerspace_id"> {
  /** What the download is called. */
  filename: string;
  /** Epoch milliseconds: links to it end then. The object's own end is said when it is written. */
  expires_at: number;
}

/** Row → JSON. */
const viewJob = (row: JobRow, result_url: string | null = null): JobView => ({
  id: row.id,
  kind: row.kind,
  status: row.status,
  progress: { done: row.done, total: row.total },
  result: row.result as JobResult | null,
  result_url,
  problem: row.problem as JobView["problem"],
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

/** What a job may do while it runs. */
export interface JobContext extends EventContext {
  makerspace_id: string;
  job_id: string;
  /** Who started it: a member's id, or a user's. */
  created_by: string;
  request_id: string;
  input: Record<string, unknown>;
  /** Writes progress; false when somebody cancelled, and the job should stop. */
  progress(done: number, total: number): Promise<boolean>;
  /** Hands a file to whoever started the job: `result_url` opens it. */
  attach(file: JobFile): Promise<void>;
}

/** What a job says at its end: figures, and words from a closed list. */
export type JobResult = Record<string, number | string>;

/** What a job says that has more to do than one invocation may: it is queued again, and knows by itself where to go on. */
export const GO_ON = Symbol("go on");

/** Job kind → its work. It may run twice, so it must be idempotent. Returns figures to show. */
export type JobRunners = Readonly<Record<string, (context: JobContext) => Promise<JobResult | typeof GO_ON>>>;

/** A job that a commit queues: its write and its event belong into that commit. */
export interface PreparedJob {
  view: JobView;
  write: Write;
  event: EventDraft;
}

/** A job, for a commit that is about more than the job. */
export function prepareJob(space: Space, kind: string, input: Record<string, unknown>): PreparedJob {
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
    file: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  return {
    view: viewJob(row),
    write: write(space.db.insert(jobs).values(row)),
    event: { type: "job.queued", data: { kind }, subject: { type: "job", id: row.id, version: 1 } },
  };
}

/** Queues a job and answers with it. */
export async function startJob(space: Space, kind: string, input: Record<string, unknown>): Promise<JobView> {
  const { view, write: queue, event } = prepareJob(space, kind, input);
  await space.commit(
    {
      action: "job.queued",
      subject: { type: "job", id: view.id, version: 1 },
      // What it works on may name people.
      after: { kind },
      events: [event],
      answer: { status: 202, body: view },
    },
    queue,
  );
  return view;
}

/** Those that the actor may see: their own, or all. */
const visible = (space: Space) =>
  space.scope("jobs.read") === "any" ? undefined : leads(jobs.created_by, space.actor.id);

async function findJob(space: Space, id: string): Promise<JobRow> {
  const [row] = await space.db
    .select()
    .from(jobs)
    .where(space.store.in(jobs, eq(jobs.id, id), visible(space)));
  if (!row) throw problem("not_found");
  return row;
}

/** One job. Whoever started it gets a link to the file that it left; nobody else does. @throws not_found */
export async function readJob(space: Space, id: string): Promise<JobView> {
  const row = await findJob(space, id);
  const file = row.file as JobFile | null;
  if (!file || row.created_by !== space.actor.id || file.expires_at <= space.now) return viewJob(row);
  const { filename, expires_at, ...ref } = file;
  const link = await linkFile({ ...ref, makerspace_id: space.id }, { filename, expires_at, now: space.now });
  return viewJob(row, link.url);
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
    .where(space.store.in(jobs, visible(space), after ? lt(jobs.id, after.id) : undefined))
    // Ids sort by time of birth.
    .orderBy(desc(jobs.id))
    .limit(query.limit + 1);
  return toPage(
    rows,
    query.limit,
    "jobs",
    (row) => ({ value: row.created_at, id: row.id }),
    (row) => viewJob(row),
  );
}

/** Cancels what is queued or running; a running job stops at its next progress. @throws illegal_transition */
export async function cancelJob(space: Space, id: string): Promise<JobView> {
  const before = await findJob(space, id);
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
        .where(
          space.store.in(
            jobs,
            eq(jobs.id, id),
            eq(jobs.version, before.version),
            inArray(jobs.status, ["queued", "running"]),
          ),
        ),
      { expect: "illegal_transition" },
    ),
  );
  return readJob(space, id);
}

/** A running job that has not said anything for this long is taken over. */
const LEASE = 5 * MINUTE;

/** Queues the next step; a step whose message is lost comes again out of the outbox. */
async function queueAgain(store: SpaceStore, envelope: EventEnvelope, mine: SQL | undefined): Promise<void> {
  const now = Date.now();
  const next: EventEnvelope = { ...envelope, id: newId(), occurred_at: now };
  await store.db.batch([
    store.db.update(jobs).set({ status: "queued", updated_at: now }).where(mine),
    store.db.insert(outbox).values(store.row({ event_id: next.id, envelope: next, created_at: now, sent_at: now })),
  ]);
  await sendEvents([next]);
}

async function runJob(runners: JobRunners, envelope: EventEnvelope, context: EventContext): Promise<void> {
  const { store } = context;
  const { makerspace_id, request_id } = envelope;
  const { id } = envelope.subject;
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
    const result = await runner({
      ...context,
      makerspace_id,
      job_id: id,
      created_by: row.created_by,
      request_id,
      input: row.input as Record<string, unknown>,
      progress,
      attach: async (file) => {
        await store.db.update(jobs).set({ file }).where(mine);
      },
    });
    if (result === GO_ON) await queueAgain(store, envelope, mine);
    else await finish({ status: "succeeded", result });
  } catch (error) {
    if (!(error instanceof Problem))
      log.error("job_failed", { job_id: id, kind: row.kind, error: describeError(error) });
    const known = error instanceof Problem ? error : problem("internal_error");
    await finish({ status: "failed", problem: known.body(`/jobs/${id}`, request_id) });
  }
}

/** The consumer that runs jobs. */
export const jobConsumers = (runners: JobRunners): Consumers<"job.queued"> => ({
  "job.queued": [
    {
      name: "run_job",
      async handle(envelope, context) {
        await runJob(runners, envelope, context);
        return [];
      },
    },
  ],
});
