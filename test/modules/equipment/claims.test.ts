/** Claims under faults: whatever fails on the way, never more than the limit, and nothing stays claimed for nothing. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cronTasks } from "../../../src/background.ts";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import { MINUTE } from "../../../src/platform/time.ts";
import { blackHole, deliver, tick } from "../../support/background.ts";
import {
  awayNamespace,
  connectionLost,
  deafNamespace,
  type Faults,
  faulty,
  inWorld,
  through,
} from "../../support/faults.ts";
import { claimsOf, onPlan } from "../../support/plans.ts";
import { codes, inObject, makeScene, type Scene } from "../../support/scene.ts";
import { slotIn, until } from "../../support/space.ts";
import type { Reservation } from "../../support/wire.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Ada may hold one booking at a time. */
async function scene(max_open_bookings = 1): Promise<Scene> {
  const made = await makeScene();
  await onPlan(made.space, made.ada, { max_open_bookings });
  return made;
}

const isClaim = (statements: readonly string[]): boolean =>
  statements.some((text) => /INSERT INTO booking_claims/.test(text));

/** A world in which trips that claim meet these faults. */
const claiming = (faults: Faults) => {
  const only = (fault?: (statements: readonly string[]) => void) => (statements: readonly string[]) => {
    if (isClaim(statements)) fault?.(statements);
  };
  return through({ DB_000: faulty(env.DB_000, { before: only(faults.before), after: only(faults.after) }) });
};

const loses = (): never => {
  throw connectionLost();
};

/** Minutes later the clockwork comes by, and the queue after it. */
async function sweepLater({ space }: Scene, left = 0): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3 * MINUTE });
  await tick("minute");
  vi.useRealTimers();
  await until("the sweep", async () => (await claimsOf(space)).length === left);
}

const holding = async ({ space, ada }: Scene): Promise<Reservation[]> =>
  ada.api.all<Reservation>(space.path("/reservations?member_id=me&status=pending&status=approved&status=active"));

describe("a claim that D1", () => {
  it("never got books nothing, and the retry is as good as the first", async () => {
    const all = await scene();
    const { space, machine, ada } = all;
    const lost = await space.book(ada.api.by(claiming({ before: loses })), machine, slotIn(24), { key: "k" });
    expect([lost.status, lost.problem?.code, await claimsOf(space)]).toEqual([503, "unavailable", []]);
    expect((await space.book(ada.api, machine, slotIn(24), { key: "k" })).status).toBe(201);
    await until("the row", async () => (await holding(all)).length === 1 && (await claimsOf(space)).length === 0);
  });

  it("got without saying so is found by the retry, and booked under once", async () => {
    const all = await scene();
    const { space, machine, ada } = all;
    const lost = await space.book(ada.api.by(claiming({ after: loses })), machine, slotIn(24), { key: "k" });
    expect(lost.status).toBe(503);
    const [left] = await claimsOf(space);
    expect(left).toMatchObject({ bookings: 1, minutes: 60, waiting: 1 });
    // It counts as long as nobody knows better.
    expect(codes(await space.book(ada.api, machine, slotIn(30)))).toEqual(["open_bookings_used_up"]);
    const booked = await space.book(ada.api, machine, slotIn(24), { key: "k" });
    expect([booked.status, booked.body?.id]).toEqual([201, left?.booking_id]);
    await until("the row", async () => (await claimsOf(space)).length === 0);
    expect(await holding(all)).toHaveLength(1);
  });

  it("got without saying so, and nobody came back for, goes once the machine says that it knows nothing of it", async () => {
    const all = await scene();
    const { space, machine, ada } = all;
    await space.book(ada.api.by(claiming({ after: loses })), machine, slotIn(24));
    await tick("minute");
    // Its time is not over: a command may be under way.
    expect(await claimsOf(space)).toHaveLength(1);
    await sweepLater(all);
    expect((await space.book(ada.api, machine, slotIn(30))).status).toBe(201);
  });

  it("could not take back goes the same way", async () => {
    const all = await scene();
    const { space, machine, ada, ben } = all;
    await space.booked(ben.api, machine, slotIn(24));
    const before = (statements: readonly string[]): void => {
      if (statements.some((text) => /DELETE FROM booking_claims WHERE makerspace_id/.test(text)))
        throw connectionLost();
    };
    const broken = through({ DB_000: faulty(env.DB_000, { before }) });
    expect((await space.book(ada.api.by(broken), machine, slotIn(24))).problem?.code).toBe("slot_taken");
    expect(await claimsOf(space)).toHaveLength(1);
    await sweepLater(all);
    expect((await space.book(ada.api, machine, slotIn(30))).status).toBe(201);
  });
});

describe("a claim whose machine", () => {
  it("does not answer stays until it does", async () => {
    const all = await scene();
    const { space, machine, ada } = all;
    const away = through({ EQUIPMENT: awayNamespace(env.EQUIPMENT) });
    expect((await space.book(ada.api.by(away), machine, slotIn(24))).status).toBe(503);
    expect(await claimsOf(space)).toHaveLength(1);
    await sweepLater(all);
    expect((await space.book(ada.api, machine, slotIn(24))).status).toBe(201);
  });

  it("does not answer keeps nobody else's waiting, however many there are", async () => {
    const { space, machine, ada } = await scene();
    const away = await space.machine();
    await env.DB_000.prepare(
      `INSERT INTO booking_claims (makerspace_id, member_id, equipment_id, key, kind, booking_id, settled_by, bookings, minutes,
                                   starts_at, waiting, decide_before, created_at)
       SELECT ?1, ?2, iif(value < 240, ?3, ?4), printf('%064d', value), 'reservation', 'b' || value, 1, 1, 60, 1, 1, value, 1
       FROM json_each(?5)`,
    )
      .bind(space.id, ada.member.id, away.id, machine.id, JSON.stringify(Array.from({ length: 241 }, (_, n) => n)))
      .run();
    const taken: EventEnvelope[] = [];
    const task = cronTasks.find(({ name }) => name === "sweep_claims");
    const world = { EQUIPMENT: awayNamespace(env.EQUIPMENT, away.id), EVENTS: blackHole(taken) as Queue };
    const left = () =>
      inWorld(world, async () => {
        await task?.run(Date.now());
        await deliver(taken.splice(0).filter(({ makerspace_id }) => makerspace_id === space.id));
        return (await claimsOf(space)).length;
      });
    expect([await left(), await left()]).toEqual([241, 240]);
  });

  it("has booked without being heard counts until its row is there, however late", async () => {
    const all = await scene();
    const { space, machine, ada } = all;
    let isAway = true;
    await inObject(space, machine, (object) => {
      const { project } = object.ports;
      object.ports = {
        ...object.ports,
        project: (statements) => (isAway ? Promise.reject(connectionLost()) : project(statements)),
      };
    });
    const deaf = through({ EQUIPMENT: deafNamespace(env.EQUIPMENT, (method) => method === "execute") });
    const lost = await space.book(ada.api.by(deaf), machine, slotIn(24), { key: "k" });
    expect([lost.status, await holding(all)]).toEqual([503, []]);
    await sweepLater(all, 1);
    // The clockwork asked, the machine knows it: it stays, and the limit holds.
    await scheduler.wait(100);
    expect(await claimsOf(space)).toHaveLength(1);
    expect(codes(await space.book(ada.api, machine, slotIn(30)))).toEqual(["open_bookings_used_up"]);
    isAway = false;
    await until("the row", async () => (await holding(all)).length === 1 && (await claimsOf(space)).length === 0, 60);
    const [row] = await holding(all);
    const again = await space.book(ada.api, machine, slotIn(24), { key: "k" });
    expect([again.status, again.body?.id]).toEqual([201, row?.id]);
  }, 90_000);
});

describe("in a world where anything fails by chance", () => {
  it("nobody gets more than the plan allows, and what is left over is swept", async () => {
    const LIMIT = 4;
    const all = await scene(LIMIT);
    const { space, ada } = all;
    const machines = await Promise.all(Array.from({ length: 6 }, () => space.machine()));
    const unlucky = (): boolean => Math.random() < 0.3;
    const maybe = (): void => {
      if (unlucky()) throw connectionLost();
    };
    const DB_000 = faulty(env.DB_000, {
      before: (statements) => (isClaim(statements) ? maybe() : undefined),
      after: (statements) => (isClaim(statements) ? maybe() : undefined),
    });
    const EQUIPMENT = deafNamespace(env.EQUIPMENT, (method) => method === "execute" && unlucky());
    const broken = ada.api.by(through({ DB_000, EQUIPMENT }));
    const book = async (index: number): Promise<void> => {
      const machine = machines[index % machines.length];
      if (!machine) throw new Error("no machine");
      const ask = () => space.book(broken, machine, slotIn(24 + 2 * Math.floor(index / 6)), { key: `k${index}` });
      for (let tries = 0; tries < 3 && (await ask()).status === 503; tries++);
      expect((await holding(all)).length).toBeLessThanOrEqual(LIMIT);
    };
    await Promise.all(Array.from({ length: 36 }, (_, index) => book(index)));
    await sweepLater(all);
    const held = (await holding(all)).length;
    expect(held).toBeLessThanOrEqual(LIMIT);
    // What is free is free again, to the last booking.
    const [machine] = machines;
    if (!machine) throw new Error("no machine");
    for (let index = held; index < LIMIT; index++) await space.booked(ada.api, machine, slotIn(100 + 2 * index));
    expect(codes(await space.book(ada.api, machine, slotIn(200)))).toEqual(["open_bookings_used_up"]);
  }, 120_000);
});
