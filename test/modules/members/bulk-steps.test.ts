/** Five hundred members in one request: D1 takes a thousand statements per invocation. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { blackHole, deliver, outboxOf } from "../../support/background.ts";
import { makeClub } from "../../support/club.ts";
import { addCrowd } from "../../support/crowd.ts";
import { faulty, inWorld, through } from "../../support/faults.ts";
import { makeSpace } from "../../support/space.ts";

const MANY = 500;

interface Results {
  results: { id: string; ok: boolean }[];
}

it("five hundred take the same few statements as ten, whatever is done to them, and each has an entry and an event of their own", async () => {
  const space = await makeSpace();
  await space.as("makerspace_admin");
  const ids = await addCrowd(space, MANY);
  let count = 0;
  const counted = (database: D1Database): D1Database =>
    faulty(database, {
      before: (statements) => {
        count += statements.length;
      },
    });
  const send = through({
    DB_000: counted(env.DB_000),
    DIRECTORY: counted(env.DIRECTORY),
    EVENTS: blackHole() as Env["EVENTS"],
  });
  const api = space.root.by(send);
  const take = async (member_ids: string[], step: { operation: string }, atomic: boolean): Promise<number> => {
    count = 0;
    const body = { member_ids, do: step, atomic };
    const { results } = await api.post<Results>(space.path("/members/bulk"), body);
    expect(
      results.filter(({ ok }) => ok).map(({ id }) => id),
      step.operation,
    ).toEqual(member_ids);
    return count;
  };
  const wait = (some: string[]) =>
    env.DB_000.prepare(
      "UPDATE members SET status = 'pending', left_at = NULL WHERE makerspace_id = ? AND id IN (SELECT value FROM json_each(?))",
    )
      .bind(space.id, JSON.stringify(some))
      .run();
  const figureOf = (sql: string, ...values: string[]) =>
    env.DB_000.prepare(sql)
      .bind(space.id, ...values)
      .first<number>("n");
  const steps: [step: { operation: string; [more: string]: unknown }, action: string, before?: typeof wait][] = [
    [{ operation: "add_tag", tag: "night" }, "member.updated"],
    [{ operation: "remove_tag", tag: "night" }, "member.updated"],
    [{ operation: "grant_duty", duty: "desk" }, "member.duty_granted"],
    [{ operation: "revoke_duty", duty: "desk" }, "member.duty_revoked"],
    [{ operation: "change_role", role: "makerspace_admin" }, "member.role_changed"],
    [{ operation: "suspend", reason: "a test" }, "member.suspended"],
    [{ operation: "reactivate" }, "member.reactivated"],
    [{ operation: "remove" }, "member.removed"],
    [{ operation: "approve" }, "member.approved", wait],
    [{ operation: "decline", reason: "a test" }, "member.declined", wait],
  ];
  for (const [index, [step, , before]] of steps.entries()) {
    const [some, others] = [ids.slice(0, 10), ids.slice(10)];
    await before?.(ids);
    const few = await take(some, step, index % 2 === 0);
    // Each step at one of the two: all or none, or each for itself.
    const many = await take([...others], step, index % 2 === 1);
    expect([step.operation, many - few]).toEqual([step.operation, 0]);
    expect(many, step.operation).toBeLessThan(40);
  }
  for (const action of new Set(steps.map(([, action]) => action))) {
    const told = await figureOf(
      "SELECT count(DISTINCT subject_id) AS n FROM audit_log WHERE makerspace_id = ? AND subject_type = 'member' AND action = ?",
      action,
    );
    expect([action, told]).toEqual([action, MANY]);
  }
  for (const type of ["suspended", "reactivated", "removed", "approved", "declined"]) {
    const sent = await figureOf(
      "SELECT count(DISTINCT envelope ->> '$.subject.id') AS n FROM outbox WHERE makerspace_id = ? AND envelope ->> '$.type' = ?",
      `member.${type}`,
    );
    expect([type, sent]).toEqual([type, MANY]);
  }
  const numbers = await figureOf("SELECT max(seq) - count(*) AS n FROM audit_log WHERE makerspace_id = ?");
  expect(numbers).toBe(0);
}, 60_000);

it("what the removal of fifty with plans sets off fits, too: the end of each plan has an invocation of its own", async () => {
  const { space, ada, plan, join } = await makeClub({ timezone: "UTC" });
  const row = await join(ada, await plan(9_900));
  const ids = await addCrowd(space, 50);
  await env.DB_000.prepare(
    `INSERT INTO memberships (makerspace_id, id, member_id, plan_id, status, starts_at, ends_at, lapses_at, due_at, billing_cycle,
       anchor_on, is_trial, had_trial, auto_renew, paid_from, paid_minor, currency, created_at, updated_at)
     SELECT makerspace_id, one.value, one.value, plan_id, status, starts_at, ends_at, lapses_at, due_at, billing_cycle,
       anchor_on, is_trial, had_trial, auto_renew, paid_from, paid_minor, currency, created_at, updated_at
     FROM memberships m, json_each(?1) one WHERE makerspace_id = ?2 AND m.id = ?3`,
  )
    .bind(JSON.stringify(ids), space.id, row.id)
    .run();
  const EVENTS = blackHole() as Env["EVENTS"];
  const body = { member_ids: ids, do: { operation: "remove" } };
  await space.root.by(through({ EVENTS })).post<Results>(space.path("/members/bulk"), body);
  let count = 0;
  const before = (statements: readonly string[]) => {
    count += statements.length;
  };
  const bindings = { DB_000: faulty(env.DB_000, { before }), EVENTS };
  const removed = await outboxOf(space, "member.removed");
  expect(removed).toHaveLength(50);
  await inWorld(bindings, () => deliver(removed));
  expect(count).toBeLessThan(1_000);
  const [first, ...others] = await outboxOf(space, "memberships.end_due");
  count = 0;
  await inWorld(bindings, () => deliver([first]));
  expect(count).toBeLessThan(60);
  await inWorld({ EVENTS }, () => deliver(others));
  const left = await env.DB_000.prepare(
    "SELECT status, count(*) AS n FROM memberships WHERE makerspace_id = ? GROUP BY status",
  )
    .bind(space.id)
    .all();
  expect(left.results).toEqual([
    { status: "active", n: 1 },
    { status: "cancelled", n: 50 },
  ]);
});
