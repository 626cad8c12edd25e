import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startTicking } from "../../../scripts/lib/ticker.ts";

/** Lets mocked time pass in small steps: within one tick every timer would see the same clock. */
const pass = (t: TestContext, ms: number): void => {
  for (let passed = 0; passed < ms; passed += 1_000) t.mock.timers.tick(1_000);
};

const expressions = ["* * * * *", "*/15 * * * *", "17 2 * * *"];

test("each trigger is fired at its own minutes, with the minute it is for", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-01-01T02:13:20Z") });
  const fired: string[] = [];
  t.mock.method(globalThis, "fetch", async (address: string) => {
    const { pathname, searchParams } = new URL(address);
    assert.equal(pathname, "/cdn-cgi/local/scheduled");
    fired.push(`${new Date(Number(searchParams.get("time"))).toISOString().slice(11, 16)} ${searchParams.get("cron")}`);
    return new Response("ok");
  });
  const stop = startTicking("http://127.0.0.1:1", expressions, assert.fail);
  pass(t, 4 * 60_000);
  stop();
  pass(t, 60 * 60_000);
  assert.deepEqual(fired, [
    "02:14 * * * * *",
    "02:15 * * * * *",
    "02:15 */15 * * * *",
    "02:16 * * * * *",
    "02:17 * * * * *",
    "02:17 17 2 * * *",
  ]);
});

test("a tick that fails is told and does not end the ticking", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
  t.mock.method(globalThis, "fetch", async () => new Response("no", { status: 500 }));
  const told: string[] = [];
  const stop = startTicking("http://127.0.0.1:1", ["* * * * *"], (line) => told.push(line));
  pass(t, 125_000);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  stop();
  assert.deepEqual(told, Array(2).fill('cron "* * * * *" failed: answered 500'));
});
