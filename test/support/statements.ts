/** How many statements work takes that goes on from message to message: D1 takes a thousand per invocation. */

import { env } from "cloudflare:workers";
import type { EventEnvelope } from "../../src/platform/events.ts";
import { blackHole, deliver } from "./background.ts";
import { faulty, inWorld } from "./faults.ts";

/** Delivers messages one by one, with whatever they send on, and answers the statements that each took. */
export async function statementsOf(first: EventEnvelope, type: string): Promise<number[]> {
  const counts: number[] = [];
  const waiting = [first];
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    let count = 0;
    const sent: EventEnvelope[] = [];
    const DB_000 = faulty(env.DB_000, {
      before: (statements) => {
        count += statements.length;
      },
    });
    const EVENTS = blackHole(sent) as Env["EVENTS"];
    await inWorld({ DB_000, EVENTS }, () => deliver([next]));
    counts.push(count);
    waiting.push(...sent.filter((one) => one.type === type));
  }
  return counts;
}
