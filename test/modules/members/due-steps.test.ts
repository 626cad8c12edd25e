/** Many memberships that are due go in steps: D1 takes a thousand statements per invocation. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { newId } from "../../../src/platform/ids.ts";
import { DAY } from "../../../src/platform/time.ts";
import { makeClub } from "../../support/club.ts";
import { statementsOf } from "../../support/statements.ts";

const MANY = 80;

it("eighty that change their plan, the dearest step there is, take three messages, each within its measure", async () => {
  const { space, ada, plan, join } = await makeClub({ timezone: "UTC" });
  const [maker, other] = [await plan(9_900, { setup_fee_minor: 500 }), await plan(19_900, { setup_fee_minor: 700 })];
  const row = await join(ada, maker, { auto_renew: true });
  const [from, to] = [Date.now() - 20 * DAY, Date.now() - DAY];
  const numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)";
  await env.DB_000.batch([
    env.DB_000.prepare(
      `${numbers} INSERT INTO members (makerspace_id, id, email, first_name, last_name, role, status, created_at, updated_at)
       SELECT makerspace_id, id || '-' || i, i || email, first_name, last_name, role, status, created_at, updated_at
       FROM members, n WHERE makerspace_id = ?2 AND id = ?3`,
    ).bind(MANY, space.id, ada.member.id),
    env.DB_000.prepare(
      `${numbers} INSERT INTO memberships (makerspace_id, id, member_id, plan_id, status, starts_at, ends_at, lapses_at, due_at,
         billing_cycle, anchor_on, is_trial, had_trial, auto_renew, next_plan_id, paid_from, paid_minor, currency, created_at, updated_at)
       SELECT makerspace_id, id || '-' || i, member_id || '-' || i, plan_id, 'active', ?4, ?5, ?5, ?5, billing_cycle, anchor_on,
         1, 1, 0, ?6, ?4, 0, currency, ?4, ?4
       FROM memberships, n WHERE makerspace_id = ?2 AND id = ?3`,
    ).bind(MANY, space.id, row.id, from, to, other.id),
  ]);
  const message = {
    id: newId(),
    type: "memberships.due" as const,
    v: 1 as const,
    makerspace_id: space.id,
    subject: { type: "makerspace", id: space.id, version: 0 },
    actor_id: "cron",
    request_id: newId(),
    occurred_at: Date.now(),
    data: {},
  };
  const counts = await statementsOf(message, "memberships.due");
  expect(counts).toHaveLength(3);
  expect(Math.max(...counts)).toBeLessThan(1_000);
  const { results } = await env.DB_000.prepare(
    "SELECT status, count(*) AS n FROM memberships WHERE makerspace_id = ? AND id <> ? GROUP BY status ORDER BY status",
  )
    .bind(space.id, row.id)
    .all();
  expect(results).toEqual([
    { status: "active", n: MANY },
    { status: "changed", n: MANY },
  ]);
});
