/** Work on many invites goes in steps: D1 takes a thousand statements per invocation. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { DAY } from "../../../../src/platform/time.ts";
import { blackHole, outboxOf } from "../../../support/background.ts";
import { through } from "../../../support/faults.ts";
import { address, Inviting } from "../../../support/invites.ts";
import { makeSpace } from "../../../support/space.ts";
import { statementsOf } from "../../../support/statements.ts";
import type { Job } from "../../../support/wire.ts";

it("an import of 120 rows takes three steps, each within its measure, and one whole report", async () => {
  const space = await makeSpace();
  const emails = Array.from({ length: 120 }, address);
  const quiet = space.root.by(through({ EVENTS: blackHole() as Env["EVENTS"] }));
  const { id } = await quiet.post<Job>(space.path("/invites/import"), { csv: `email\n${emails.join("\n")}\n` });
  const [queued] = await outboxOf(space, "job.queued");
  if (!queued) throw new Error("nothing is queued");
  const counts = await statementsOf(queued, "job.queued");
  expect(counts).toHaveLength(3);
  expect(Math.max(...counts)).toBeLessThan(700);
  const job = await space.root.get<Job>(space.path(`/jobs/${id}`));
  expect(job).toMatchObject({ status: "succeeded", progress: { done: 120, total: 120 } });
  expect(job.result).toEqual({ rows: 120, ok: 120, refused: 0 });
  const report = JSON.parse(await space.root.get<string>(job.result_url ?? "")) as { results: { email: string }[] };
  expect(report.results.map(({ email }) => email)).toEqual(emails);
});

it("the clockwork looks after a hundred per message, and goes on with the next", async () => {
  const space = await makeSpace();
  const row = await new Inviting(space).invite(address());
  await env.DB_000.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 149)
     INSERT INTO invites (makerspace_id, id, email, role, duties, status, expires_at, invited_by, version, created_at, updated_at)
     SELECT makerspace_id, id || '-' || i, i || email, role, duties, status, ?, invited_by, 1, created_at, updated_at
     FROM invites, n WHERE makerspace_id = ? AND id = ?`,
  )
    .bind(Date.now() - DAY, space.id, row.id)
    .run();
  await new Inviting(space).endsIn(row, -1);
  const about = { v: 1 as const, makerspace_id: space.id, subject: { type: "makerspace", id: space.id, version: 0 } };
  const message = {
    ...about,
    id: crypto.randomUUID(),
    type: "invites.due" as const,
    actor_id: "cron",
    request_id: "test",
  };
  const counts = await statementsOf({ ...message, occurred_at: Date.now(), data: {} }, "invites.due");
  expect(counts).toHaveLength(2);
  expect(Math.max(...counts)).toBeLessThan(700);
  const left = await env.DB_000.prepare(
    "SELECT count(*) AS n FROM invites WHERE makerspace_id = ? AND status = 'pending'",
  )
    .bind(space.id)
    .first<{ n: number }>();
  expect(left?.n).toBe(0);
});
