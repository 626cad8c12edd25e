/** What the clock asks each minute, of all makerspaces at once, is found by an index: an idle house costs nothing. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { cronTasks } from "../../../src/background.ts";
import { blackHole } from "../../support/background.ts";
import { faulty, inWorld } from "../../support/faults.ts";

/** Tables whose rows are all of them due: reading them is the work. */
const WORKLISTS = /^SCAN (audit_unsealed|policy_pushes|booking_claims|outbox)\b/;

const minutely = cronTasks.filter(({ schedule }) => schedule === "minute").map(({ name, run }) => ({ name, run }));

it.each(minutely)("$name", async ({ run }) => {
  const asked: string[] = [];
  const before = (texts: readonly string[]) => void asked.push(...texts);
  await inWorld({ EVENTS: blackHole() as Queue, DB_000: faulty(env.DB_000, { before }) }, () => run(Date.now()));
  expect(asked.length).toBeGreaterThan(0);
  for (const text of asked) {
    const unknown = Array.from({ length: text.split("?").length - 1 }, () => null);
    const { results } = await env.DB_000.prepare(`EXPLAIN QUERY PLAN ${text}`)
      .bind(...unknown)
      .all<{ detail: string }>();
    const scans = results.map(({ detail }) => detail).filter((detail) => /^SCAN (?!json_each|told)/.test(detail));
    expect(scans.filter((detail) => !WORKLISTS.test(detail))).toEqual([]);
  }
});
