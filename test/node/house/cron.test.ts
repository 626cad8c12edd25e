import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCron } from "../../../scripts/lib/cron.ts";
import { dueAt } from "../../../scripts/lib/ticker.ts";

const matches = (expression: string, time: string): boolean => parseCron(expression)(new Date(time));

/** How often an expression fires in the year 2026. */
const timesIn2026 = (expression: string): number => {
  const schedule = parseCron(expression);
  let count = 0;
  for (let time = Date.UTC(2026, 0, 1); time < Date.UTC(2027, 0, 1); time += 60_000)
    if (schedule(new Date(time))) count++;
  return count;
};

test("a star fires each minute, a step on its multiples, a time once a day", () => {
  assert.equal(timesIn2026("* * * * *"), 365 * 24 * 60);
  assert.equal(timesIn2026("*/15 * * * *"), 365 * 24 * 4);
  assert.equal(timesIn2026("17 2 * * *"), 365);
  assert.equal(timesIn2026("0 0 1 1 *"), 1);
  assert.equal(timesIn2026("0 9-17/4,22 * * *"), 365 * 4);
});

test("times are UTC", () => {
  assert.ok(matches("17 2 * * *", "2026-06-01T02:17:00Z"));
  assert.ok(!matches("17 2 * * *", "2026-06-01T02:17:00+02:00"));
});

test("weekdays count from Sunday as 1 and have names", () => {
  assert.ok(matches("0 0 * * 1", "2026-11-22T00:00:00Z"));
  assert.ok(matches("0 0 * * MON-FRI", "2026-11-23T00:00:00Z"));
  assert.ok(!matches("0 0 * * mon-fri", "2026-11-22T00:00:00Z"));
  assert.equal(timesIn2026("0 0 * DEC 7"), 4);
});

test("a day of the month and a weekday widen each other", () => {
  assert.ok(matches("0 0 13 * 6", "2026-11-13T00:00:00Z"));
  assert.ok(matches("0 0 13 * 6", "2026-11-20T00:00:00Z"));
  assert.ok(matches("0 0 13 * 6", "2026-12-13T00:00:00Z"));
  assert.ok(!matches("0 0 13 * 6", "2026-12-14T00:00:00Z"));
});

for (const wrong of [
  "",
  "* * * *",
  "60 * * * *",
  "* 24 * * *",
  "* * 0 * *",
  "* * * 13 *",
  "* * * * 0",
  "5-1 * * * *",
  "*/0 * * * *",
  "1/2/3 * * * *",
  "L * * * *",
]) {
  test(`"${wrong}" is refused`, () => assert.throws(() => parseCron(wrong)));
}

test("of several schedules those fire that are due", () => {
  const schedules = new Map(["* * * * *", "*/15 * * * *", "17 2 * * *"].map((each) => [each, parseCron(each)]));
  assert.deepEqual(dueAt(schedules, new Date("2026-01-01T02:17:30Z")), ["* * * * *", "17 2 * * *"]);
  assert.deepEqual(dueAt(schedules, new Date("2026-01-01T02:30:00Z")), ["* * * * *", "*/15 * * * *"]);
});
