/** A whole file of members goes in steps: D1 takes a thousand statements per invocation. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { blackHole, deliver, outboxOf } from "../../support/background.ts";
import { inWorld, through } from "../../support/faults.ts";
import { makeSpace, type TestSpace } from "../../support/space.ts";
import { statementsOf } from "../../support/statements.ts";
import type { Job, Member } from "../../support/wire.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const PER_INVOCATION = 1_000;

/** Every second row grants all duties and carries labels: the dearest there is. Line 5,001 repeats the first. */
const csv = [
  "email,first_name,tags,duties",
  ...Array.from({ length: 4_999 }, (_, index) =>
    index % 2
      ? `m${index}@example.org,Maker ${index},night;founder,desk;trainer;maintainer;stock_keeper;treasurer;safety`
      : `m${index}@example.org,Maker ${index},,`,
  ),
  "M0@example.org,Again,,",
].join("\n");

/** Imports with nothing but our own deliveries; answers the statements of each. */
async function imported(space: TestSpace, dry_run: boolean) {
  const quiet = space.root.by(through({ EVENTS: blackHole() as Env["EVENTS"] }));
  const { id } = await quiet.post<Job>(space.path("/members/import"), { csv, dry_run });
  const [queued] = await outboxOf(space, "job.queued");
  if (!queued) throw new Error("nothing is queued");
  const counts = await statementsOf(queued, "job.queued");
  const job = await space.root.get<Job>(space.path(`/jobs/${id}`));
  const report = JSON.parse(await space.root.get<string>(job.result_url ?? "")) as {
    results: { line: number; ok: boolean; member_id: string | null; problem?: { code: string } }[];
  };
  return { counts, job, report };
}

describe("five thousand rows", () => {
  it("are judged in a dry run of five steps", async () => {
    const { counts, job, report } = await imported(await makeSpace(), true);
    expect(counts).toHaveLength(5);
    expect(Math.max(...counts)).toBeLessThan(50);
    expect(job.result).toEqual({ rows: 5_000, ok: 4_999, refused: 1 });
    expect(report.results.at(-1)).toMatchObject({ line: 5_001, ok: false, problem: { code: "email_taken" } });
  });

  it("are added in a hundred steps, none near what D1 takes, each row once", async () => {
    const space = await makeSpace();
    const { counts, job, report } = await imported(space, false);
    expect(counts).toHaveLength(100);
    expect(Math.max(...counts)).toBeLessThan(PER_INVOCATION * 0.8);
    expect(job).toMatchObject({ status: "succeeded", progress: { done: 5_000, total: 5_000 } });
    expect(job.result).toEqual({ rows: 5_000, ok: 4_999, refused: 1 });
    expect(report.results.map(({ line }) => line)).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 2));
    const there = await env.DB_000.prepare("SELECT count(*) AS n FROM members WHERE makerspace_id = ?")
      .bind(space.id)
      .first<{ n: number }>();
    expect(there?.n).toBe(4_999);
  }, 300_000);
});

describe("whoever imports", () => {
  it("adds nobody any more once they may not: those that are left are refused", async () => {
    const space = await makeSpace();
    await space.as("makerspace_admin");
    const EVENTS = blackHole() as Env["EVENTS"];
    for (const change of [
      ({ id }: Member) => space.root.post(space.path(`/members/${id}/suspend`), { reason: "Broken saw" }),
      ({ id }: Member) => space.root.delete(space.path(`/members/${id}`)),
    ]) {
      const admin = await space.person({ role: "makerspace_admin" });
      const body = { csv: "email,first_name\na@example.org,Ada\nnobody,Ben" };
      const { id } = await admin.api.by(through({ EVENTS })).post<Job>(space.path("/members/import"), body);
      const queued = (await outboxOf(space, "job.queued")).find(({ subject }) => subject.id === id);
      await change(admin.member);
      await inWorld({ EVENTS }, () => deliver(queued ? [queued] : []));
      const job = await space.root.get<Job>(space.path(`/jobs/${id}`));
      expect(job).toMatchObject({ status: "succeeded", result: { rows: 2, ok: 0, refused: 2 } });
    }
    const added = await env.DB_000.prepare("SELECT count(*) AS n FROM members WHERE makerspace_id = ? AND email = ?")
      .bind(space.id, "a@example.org")
      .first<number>("n");
    expect(added).toBe(0);
  });
});

describe("a step that dies before it could tell what it did", () => {
  /** A bucket that takes no results. */
  const deaf = new Proxy(env.FILES, {
    get(target, key) {
      if (key === "put") {
        return (name: string, ...rest: [string, R2PutOptions]) =>
          name.includes("_results/") ? Promise.reject(new Error("away")) : target.put(name, ...rest);
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

  it("is done again, and finds whom it added: nobody twice, nobody refused", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const space = await makeSpace();
    const EVENTS = blackHole() as Env["EVENTS"];
    const rows = ["email,first_name,external_id", "a@example.org,Ada,x-1", "b@example.org,Ben,x-2"];
    const body = { csv: rows.join("\n") };
    const { id } = await space.root.by(through({ EVENTS })).post<Job>(space.path("/members/import"), body);
    const [queued] = await outboxOf(space, "job.queued");
    await inWorld({ FILES: deaf, EVENTS }, () => deliver([queued]));
    const path = space.path(`/jobs/${id}`);
    expect((await space.root.get<Job>(path)).status).toBe("failed");
    await env.DB_000.batch([
      env.DB_000.prepare("UPDATE jobs SET status = 'queued' WHERE makerspace_id = ? AND id = ?").bind(space.id, id),
      env.DB_000.prepare("DELETE FROM processed_events WHERE makerspace_id = ?").bind(space.id),
    ]);
    await inWorld({ EVENTS }, () => deliver([queued]));
    const job = await space.root.get<Job>(path);
    expect(job).toMatchObject({ status: "succeeded", result: { rows: 2, ok: 2, refused: 0 } });
    expect((await space.root.all(space.path("/members"))).length).toBe(2);
  });
});
