/** Jobs: work that takes time, answered at once, read and cancelled while it runs. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { newId } from "../../src/platform/ids.ts";
import { type JobRunners, jobConsumers } from "../../src/platform/ops/jobs.ts";
import { tidy } from "../../src/platform/ops/tidy.ts";
import { DAY } from "../../src/platform/time.ts";
import type { Api } from "../support/api.ts";
import { blackHole, deliverTo, outboxOf } from "../support/background.ts";
import { through } from "../support/faults.ts";
import { makeScene } from "../support/scene.ts";
import { makeSpace, slotIn, type TestSpace, until } from "../support/space.ts";
import type { Job, Reservation } from "../support/wire.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a job", () => {
  const start = async (space: TestSpace, api: Api): Promise<Job> => {
    const { status, headers, body } = await api.send<Job>("POST", space.path("/reconciliations"));
    expect([status, headers.get("location")]).toEqual([202, space.path(`/jobs/${body?.id}`)]);
    if (!body) throw new Error("no job");
    return body;
  };

  it("reconciles: what differs is mended, what nobody knows is shown as an orphan and kept", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { space, machine, ada } = await makeScene();
    const [changed, missing] = [
      await space.booked(ada.api, machine, slotIn(24)),
      await space.booked(ada.api, machine, slotIn(26)),
    ];
    const list = () => ada.api.all<Reservation>(space.path("/reservations"));
    await until("both rows", async () => (await list()).length === 2);
    const orphan = newId();
    await env.DB_000.batch([
      env.DB_000.prepare("UPDATE reservations SET purpose = 'tampered' WHERE id = ?").bind(changed.id),
      env.DB_000.prepare(
        `INSERT INTO reservations (makerspace_id, id, equipment_id, member_id, status, starts_at, ends_at, created_by, version, created_at, updated_at, projected_at)
         SELECT makerspace_id, ?, equipment_id, member_id, status, starts_at + 1, ends_at, created_by, 1, 1, 1, 1 FROM reservations WHERE id = ?`,
      ).bind(orphan, missing.id),
      env.DB_000.prepare("DELETE FROM reservations WHERE id = ?").bind(missing.id),
    ]);
    const { api } = await space.as("makerspace_admin");
    const { id } = await start(space, api);
    const done = await until("the end of the job", async () => {
      const job = await api.get<Job>(space.path(`/jobs/${id}`));
      return job.status === "succeeded" && job;
    });
    expect(done).toMatchObject({ kind: "reconcile", progress: { done: 1, total: 1 }, problem: null });
    expect(done.result).toMatchObject({ machines: 1, repaired: 2, orphans: 1 });
    expect(await list()).toMatchObject([changed, missing]);
    const kept = await api.all<Reservation>(space.path("/reservations?orphans=include"));
    expect(kept.map(({ id, orphan }) => [id, orphan])).toEqual([
      [changed.id, undefined],
      [missing.id, undefined],
      [orphan, true],
    ]);
    expect((await ada.api.refused("GET", space.path("/reservations?orphans=include"))).code).toBe("forbidden");
    expect((await ada.api.refused("GET", space.path(`/reservations/${orphan}`))).code).toBe("not_found");
    expect((await api.all<Job>(space.path("/jobs"))).map((job) => job.id)).toEqual([id]);
  });

  /** A job that is queued, and the event that would run it. */
  async function queued() {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    const job = await start(space, api.by(through({ EVENTS: blackHole() as Queue })));
    const [envelope] = await outboxOf(space, "job.queued");
    if (!envelope) throw new Error("no event");
    const path = space.path(`/jobs/${job.id}`);
    const run = (work: JobRunners[string]) => deliverTo(jobConsumers({ reconcile: work }), envelope);
    return { api, path, run };
  }

  it("runs once, however many deliveries there are at once", async () => {
    const { api, path, run } = await queued();
    const work = vi.fn(async () => {
      await scheduler.wait(300);
      return {};
    });
    await Promise.all([run(work), run(work), run(work)]);
    expect(work).toHaveBeenCalledTimes(1);
    expect((await api.get<Job>(path)).status).toBe("succeeded");
  });

  it("that was cancelled before it began never begins", async () => {
    const { api, path, run } = await queued();
    expect(await api.post<Job>(`${path}/cancel`)).toMatchObject({ status: "cancelled", version: 2 });
    const work = vi.fn(async () => ({}));
    await run(work);
    expect(work).not.toHaveBeenCalled();
    expect((await api.get<Job>(path)).status).toBe("cancelled");
    expect((await api.refused("POST", `${path}/cancel`)).code).toBe("illegal_transition");
  });

  it("that runs stops at its next step", async () => {
    const { api, path, run } = await queued();
    const went: boolean[] = [];
    await run(async ({ progress }) => {
      went.push(await progress(0, 2));
      await api.post(`${path}/cancel`);
      went.push(await progress(1, 2));
      return { steps: went.length };
    });
    expect(went).toEqual([true, false]);
    expect(await api.get<Job>(path)).toMatchObject({
      status: "cancelled",
      progress: { done: 0, total: 2 },
      result: null,
    });
  });

  it("that fails says so, and no more than that", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { api, path, run } = await queued();
    await run(async () => {
      throw new Error("secret detail");
    });
    const job = await api.get<Job>(path);
    expect(job).toMatchObject({ status: "failed", problem: { code: "internal_error" } });
    expect(JSON.stringify(job)).not.toContain("secret");
  });

  it("is listed for ninety days after its end; one that still runs, for as long as it does", async () => {
    const space = await makeSpace();
    const ended = (days: number) => Date.now() - days * DAY;
    const jobs = [
      ["succeeded", ended(91)],
      ["failed", ended(91)],
      ["cancelled", ended(91)],
      ["running", ended(91)],
      ["succeeded", ended(89)],
    ] as const;
    await env.DB_000.batch(
      jobs.map(([status, at], index) =>
        env.DB_000.prepare(
          `INSERT INTO jobs (makerspace_id, id, kind, status, input, created_by, created_at, updated_at)
           VALUES (?, ?, 'import_members', ?, '{"file_id":"x"}', 'm', ?, ?)`,
        ).bind(space.id, `job-${index}`, status, at, at),
      ),
    );
    await tidy.run(Date.now());
    const left = await space.root.all<Job>(space.path("/jobs"));
    expect(left.map(({ id }) => id).sort()).toEqual(["job-3", "job-4"]);
    const plan = await env.DB_000.prepare(
      "EXPLAIN QUERY PLAN DELETE FROM jobs WHERE status IN ('succeeded', 'failed', 'cancelled') AND updated_at < ?",
    )
      .bind(0)
      .all<{ detail: string }>();
    expect(plan.results.map(({ detail }) => detail)).toEqual([expect.stringMatching(/SEARCH jobs USING .*jobs_over/)]);
  });
});
