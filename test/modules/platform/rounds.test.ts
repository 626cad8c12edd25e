/** The clock's rounds: one message per makerspace, another one while more waits, and none for ever. */

import { afterEach, describe, expect, it, vi } from "vitest";
import worker from "../../../src/index.ts";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import { type Round, type RoundDone, rounds } from "../../../src/platform/ops/rounds.ts";
import { MINUTE } from "../../../src/platform/time.ts";
import { attempt, blackHole, deliverTo, maxRetries } from "../../support/background.ts";
import { failingWrites, inWorld } from "../../support/faults.ts";
import { makeSpace, makeTwoSpaces, type TestSpace, until } from "../../support/space.ts";

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

  it("has an invocation to itself, whoever else's message comes with it", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const { task } = roundsOf(async () => ({}), home, abroad);
    const seen: string[][] = [];
    vi.spyOn(worker, "queue").mockImplementation(async ({ messages }) => {
      seen.push(messages.map(({ body }) => (body as EventEnvelope).makerspace_id));
    });
    await task.run(Date.now());
    const isMine = (ids: string[]) => ids.includes(home.id) || ids.includes(abroad.id);
    const mine = await until("both", async () => {
      const found = seen.filter(isMine);
      return found.flat().length >= 2 && found;
    });
    expect(mine.map(({ length }) => length)).toEqual([1, 1]);
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

  it("whose writes fail sends nobody on, however often it comes again", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const space = await makeSpace();
    const { task, consumers } = roundsOf(async () => ({ more: true }), space);
    const [message] = await sent(() => task.run(Date.now()));
    const tries = async () => {
      for (let attempts = 1; attempts <= maxRetries() + 1; attempts++)
        expect((await attempt(message as EventEnvelope, { consumers, attempts })).retry_in).not.toBeNull();
    };
    // What it reads is there; what it writes is refused.
    expect(await sent(() => inWorld({ DB_000: failingWrites() }, tries))).toEqual([]);
    // Somebody wrote it, and the answer got lost: it goes on, as one.
    expect(await sent(() => deliverTo(consumers, message as EventEnvelope))).toHaveLength(1);
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
