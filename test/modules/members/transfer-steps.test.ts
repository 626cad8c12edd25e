/** A whole file of members goes in steps: D1 takes a thousand statements per invocation. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { blackHole, outboxOf } from "../../support/background.ts";
import { through } from "../../support/faults.ts";
import { makeSpace, type TestSpace } from "../../support/space.ts";
import { statementsOf } from "../../support/statements.ts";
import type { Job } from "../../support/wire.ts";

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
