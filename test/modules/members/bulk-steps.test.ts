/** Five hundred members in one request: D1 takes a thousand statements per invocation. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { blackHole } from "../../support/background.ts";
import { addCrowd } from "../../support/crowd.ts";
import { faulty, through } from "../../support/faults.ts";
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
