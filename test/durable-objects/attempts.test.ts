import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { AttemptsObject } from "../../durable-objects/attempts/object.ts";

const counter = (name: string): DurableObjectStub<AttemptsObject> => env.ATTEMPTS.getByName(name);

test("of fifty attempts at once, five are allowed when five may be", async () => {
  const results = await Promise.all(Array.from({ length: 50 }, () => counter("a").take(5, 60_000)));
  expect(results.filter((each) => each.allowed)).toHaveLength(5);
  for (const { allowed, retry_after } of results) expect(retry_after).toBe(allowed ? 0 : 60);
  expect(await counter("b").take(5, 60_000)).toEqual({ allowed: true, retry_after: 0 });
});

test("an attempt is forgotten when its window is over", async () => {
  for (let round = 0; round < 3; round++) await counter("c").take(3, 200);
  expect(await counter("c").take(3, 200)).toEqual({ allowed: false, retry_after: 1 });
  await scheduler.wait(220);
  expect((await counter("c").take(3, 200)).allowed).toBe(true);
});

test("nothing is kept of old attempts, not even a table, and counting begins anew", async () => {
  await counter("d").take(3, 60_000);
  await runDurableObjectAlarm(counter("d"));
  const rows = await runInDurableObject(counter("d"), (_, state) =>
    state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
  );
  expect(rows).toEqual([]);
  expect((await counter("d").take(1, 60_000)).allowed).toBe(true);
  expect((await counter("d").take(1, 60_000)).allowed).toBe(false);
});
