/** The clock's rounds: one message per makerspace, another one while more waits, and none for ever. */

import { afterEach, describe, expect, it, vi } from "vitest";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import { type Round, type RoundDone, rounds } from "../../../src/platform/ops/rounds.ts";
import { MINUTE } from "../../../src/platform/time.ts";
import { attempt, blackHole, deliverTo } from "../../support/background.ts";
import { inWorld } from "../../support/faults.ts";
import { makeSpace, makeTwoSpaces, type TestSpace } from "../../support/space.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Rounds that do what the test says in these makerspaces. */
const roundsOf = (work: (round: Round) => Promise<RoundDone>, ...spaces: TestSpace[]) =>
  rounds({
    name: "a_test",
    schedule: "minute",
    type: "claims.sweep_due",
    waiting: async () => spaces.map(({ id }) => ({ makerspace_id: id })),
    work,
  });

/** What is sent while something happens. */
async function sent(work: () => Promise<unknown>): Promise<EventEnvelope[]> {
  const taken: EventEnvelope[] = [];
  await inWorld({ EVENTS: blackHole(taken) as Queue }, work);
  return taken;
}

describe("a round", () => {
  it("is one message for each makerspace where something waits", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const seen: string[] = [];
    const { task, consumers } = roundsOf(
      async ({ store }) => {
        seen.push(store.makerspace_id);
        return {};
      },
      home,
      abroad,
    );
    const messages = await sent(() => task.run(Date.now()));
    await deliverTo(consumers, ...messages);
    expect(seen.sort()).toEqual([home.id, abroad.id].sort());
  });

  it("goes on with another message while more waits, until the clock looks again", async () => {
    const space = await makeSpace();
    let left = 3;
    const { task, consumers } = roundsOf(async () => ({ more: --left > 0 }), space);
    let messages = await sent(() => task.run(Date.now()));
    let count = 0;
    for (; messages.length > 0; count++) {
      const [message] = messages;
      messages = await sent(() => deliverTo(consumers, message as EventEnvelope));
    }
    expect([count, left]).toEqual([3, 0]);
    left = 3;
    // A minute later the clock has sent its own.
    const late = await sent(() => task.run(Date.now() - MINUTE));
    expect(await sent(() => deliverTo(consumers, ...late))).toEqual([]);
    expect(left).toBe(2);
  });

  it("that fails is neither retried nor buried: the next minute brings it again", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const space = await makeSpace();
    const { task, consumers } = roundsOf(() => Promise.reject(new Error("not now")), space);
    const [message] = await sent(() => task.run(Date.now()));
    expect(await attempt(message as EventEnvelope, { consumers })).toEqual({ retry_in: null });
    expect(logged).toHaveBeenCalled();
    expect(await sent(() => task.run(Date.now()))).toHaveLength(1);
  });
});
