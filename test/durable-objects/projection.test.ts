import { evictDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { Ports } from "../../durable-objects/equipment/ports.ts";
import type { EventEnvelope } from "../../src/platform/events.ts";
import { eventually, HOUR, MORNING, person, reservationOf, sessionOf, slot, TestMachine } from "../support/object.ts";
import { audit, isDrained, lost, noQueue, outbox, pick } from "../support/projected.ts";

/** Small, seeded, good enough for choosing where a fault strikes. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** Fails before or after the effect, by chance. */
function faulty<A extends unknown[]>(random: () => number, chance: number, work: (...args: A) => Promise<void>) {
  return async (...args: A): Promise<void> => {
    if (random() < chance) throw lost();
    await work(...args);
    if (random() < chance) throw lost();
  };
}

describe("what was answered is in D1", () => {
  test("the row, the audit and the outbox, before the answer comes back", async () => {
    const machine = await TestMachine.open();
    await machine.setPorts(noQueue);
    const booked = await machine.booked(machine.ada, slot(0, 1));
    const {
      version: _,
      orphan,
      projected_at,
      ...row
    } = (await machine.d1<Record<string, unknown>>("reservations"))[0] ?? {};
    const { version, ...record } = booked;
    expect(row).toEqual({ ...record, makerspace_id: machine.makerspace_id });
    expect([orphan, version]).toEqual([0, 1]);
    expect(Math.abs(Number(projected_at) - Date.now())).toBeLessThan(10_000);
    const [entry] = await audit(machine);
    expect(entry).toMatchObject({ seq: 1, action: "reservation.created", subject_id: booked.id, before: null });
    expect(JSON.parse(entry?.after ?? "")).toEqual({
      ...{ equipment_id: machine.equipment_id, member_id: machine.ada.id, status: "approved" },
      ...slot(0, 1),
    });
    expect((await outbox(machine))[0]).toMatchObject({
      id: entry?.commit_id,
      type: "reservation.created",
      subject: { type: "reservation", id: booked.id, version: 1 },
      actor_id: machine.ada.id,
      request_id: "test-request",
    });
  });

  test("sessions and the clock's steps, too; numbers follow each other", async () => {
    const machine = await TestMachine.open();
    await machine.setPorts(noQueue);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 1);
    const session = sessionOf(await machine.start(machine.ada, id));
    await machine.setClock(MORNING + HOUR + 1);
    await machine.end(machine.ada, session.id);
    expect(await machine.d1("sessions", "id, status, job_successful, overrun_at")).toEqual([
      { id: session.id, status: "completed", job_successful: 1, overrun_at: MORNING + HOUR },
    ]);
    const entries = await audit(machine);
    expect(entries.map((each) => each.seq)).toEqual(entries.map((_, index) => index + 1));
    expect(entries.map((each) => each.action)).toEqual([
      "reservation.created",
      "reservation.started",
      "reservation.started",
      "session.started",
      "session.overrun",
      "session.ended",
      "reservation.completed",
    ]);
    expect(entries[1]?.actor_id).toBe("clock");
  });

  test("storage hears of it with the next change, or from the alarm, and needs no commit of its own", async () => {
    const machine = await TestMachine.open();
    await machine.setPorts(noQueue);
    const untold = () =>
      machine.inside((_, state) =>
        state.storage.sql
          .exec("SELECT subject_id AS id FROM events, state WHERE projected = 1 AND events.seq > projected_seq")
          .toArray(),
      );
    const first = await machine.booked(machine.ada, slot(0, 1));
    expect(await machine.d1("reservations", "id")).toEqual([{ id: first.id }]);
    expect(await untold()).toEqual([{ id: first.id }]);
    const second = await machine.booked(machine.ada, slot(1, 2));
    expect(await untold()).toEqual([{ id: second.id }]);
    await machine.alarm();
    expect(await untold()).toEqual([]);
  });

  test("what changes without an event of its own, too", async () => {
    const machine = await TestMachine.open();
    await machine.setPorts(noQueue);
    const booked = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 1);
    const { id } = sessionOf(await machine.start(machine.ada, booked.id));
    const running = await machine.stub.reservation(booked.id);
    const { ends_at } = slot(0, 2);
    reservationOf(await machine.amend(machine.ada, running ?? booked, { ends_at }));
    await eventually(() => isDrained(machine));
    const [shown] = await machine.d1<{ id: string; planned_end_at: number; version: number }>("sessions");
    expect(shown).toMatchObject({ id, planned_end_at: ends_at, version: (await machine.stub.session(id))?.version });
  });

  test("an instance that dies before storage heard tells D1 once more, and nothing is there twice", async () => {
    const machine = await TestMachine.open();
    await machine.setPorts(noQueue);
    await machine.booked(machine.ada, slot(0, 1));
    await evictDurableObject(machine.stub);
    await machine.setPorts(noQueue);
    await eventually(() => isDrained(machine));
    expect(await machine.d1("reservations")).toHaveLength(1);
    expect(await audit(machine)).toHaveLength(1);
  });

  test("a hundred changes at once go in few trips", async () => {
    const machine = await TestMachine.open();
    let trips = 0;
    await machine.inside((object) => {
      const { project } = object.ports;
      object.ports = {
        ...object.ports,
        ...noQueue,
        project: async (statements) => {
          trips++;
          await scheduler.wait(5);
          return project(statements);
        },
      };
    });
    await Promise.all(Array.from({ length: 100 }, (_, hour) => machine.booked(machine.ada, slot(hour, hour + 1))));
    await eventually(() => isDrained(machine));
    expect(await machine.d1("reservations", "id")).toHaveLength(100);
    expect(await audit(machine)).toHaveLength(100);
    expect(trips).toBeLessThan(40);
  });
});

describe("when D1 or the queue fail", () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`bookings succeed, the projection catches up, nothing is written twice (seed ${seed})`, async () => {
      const machine = await TestMachine.open();
      const random = randomOf(seed);
      const sent: string[] = [];
      await machine.inside((object) => {
        const { project } = object.ports;
        const send = async (envelopes: readonly EventEnvelope[]) => void sent.push(...envelopes.map((each) => each.id));
        object.ports = { ...object.ports, project: faulty(random, 0.3, project), send: faulty(random, 0.3, send) };
      });
      const ids: string[] = [];
      for (let hour = 0; hour < 12; hour++) {
        const { id } = await machine.booked(machine.ada, slot(hour, hour + 1));
        ids.push(id);
        if (hour % 3 === 0) reservationOf(await machine.step(machine.ada, "cancel", id));
      }
      await eventually(async () => {
        await machine.alarm();
        return isDrained(machine);
      }, 20_000);
      const rows = await machine.d1<{ id: string; status: string; version: number }>(
        "reservations",
        "id, status, version",
      );
      expect(rows.map((each) => each.id)).toEqual([...ids].sort());
      for (const row of rows) expect(row).toMatchObject(pick(await machine.read(row.id)));
      const events = await machine.inside((_, state) =>
        state.storage.sql.exec("SELECT seq FROM events WHERE projected = 1 ORDER BY seq").toArray(),
      );
      const expected = events.map(({ seq }) => `${machine.equipment_id}:${seq}`);
      expect((await audit(machine)).map((each) => each.commit_id)).toEqual(expected);
      expect((await outbox(machine)).map((each) => each.id).sort()).toEqual([...expected].sort());
      expect(sent.every((id) => expected.includes(id))).toBe(true);
    });
  }

  test("an answer waits a quarter of a second for D1 and no longer", async () => {
    const machine = await TestMachine.open();
    let release = (): void => undefined;
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    await machine.setPorts({ ...noQueue, project: () => stuck });
    const asked = Date.now();
    await machine.booked(machine.ada, slot(0, 1));
    expect(Date.now() - asked).toBeGreaterThanOrEqual(245);
    expect(Date.now() - asked).toBeLessThan(1_000);
    release();
  });

  test("while D1 is away nobody waits for it; the alarm brings it home", async () => {
    const machine = await TestMachine.open();
    let isAway = true;
    await machine.inside((object) => {
      const { project } = object.ports;
      object.ports = {
        ...object.ports,
        ...noQueue,
        project: (batch) => (isAway ? Promise.reject(lost()) : project(batch)),
      };
    });
    await machine.booked(machine.ada, slot(0, 1));
    const asked = Date.now();
    await machine.booked(machine.ada, slot(1, 2));
    expect(Date.now() - asked).toBeLessThan(200);
    isAway = false;
    await eventually(() => isDrained(machine));
    expect(await machine.d1("reservations")).toHaveLength(2);
  });

  test("an instance that dies with a full outbox is followed by one that empties it", async () => {
    const machine = await TestMachine.open();
    await machine.setPorts({ project: () => Promise.reject(lost()) });
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await evictDurableObject(machine.stub);
    await machine.stub.ping();
    await eventually(
      async () => (await machine.d1<{ id: string }>("reservations")).some((row) => row.id === id),
      10_000,
    );
  });
});

describe("a backlog", () => {
  test("goes on by itself, batch after batch", async () => {
    const machine = await TestMachine.open();
    let project: Ports["project"] = async () => undefined;
    await machine.inside((object) => {
      project = object.ports.project;
      object.ports = { ...object.ports, ...noQueue, project: () => Promise.reject(lost()) };
    });
    for (let hour = 0; hour < 350; hour++) await machine.booked(machine.ada, slot(hour, hour + 1));
    await machine.setPorts({ project: (batch) => project(batch) });
    await eventually(async () => {
      await machine.alarm();
      return (await machine.d1("reservations", "id")).length > 0;
    }, 20_000);
    const begun = Date.now();
    await eventually(() => isDrained(machine), 10_000);
    expect(Date.now() - begun).toBeLessThan(2_500);
    expect(await machine.d1("reservations", "id")).toHaveLength(350);
  });
});

describe("what D1 refuses for what it is", () => {
  test("waits five times, is parked, and holds nobody up", async () => {
    const machine = await TestMachine.open();
    await machine.setPorts(noQueue);
    const stranger = person();
    const bad = await machine.booked(stranger, slot(0, 1));
    const good = await machine.booked(machine.ada, slot(1, 2));
    await eventually(async () => (await machine.d1<{ id: string }>("reservations")).some((row) => row.id === good.id));
    const parked = () =>
      machine.inside((_, state) => state.storage.sql.exec("SELECT kind, ref, tries FROM parked").toArray());
    await eventually(async () => (await isDrained(machine)) && (await parked())[0]?.tries === 5, 15_000);
    expect(await parked()).toEqual([{ kind: "reservation", ref: bad.id, tries: 5 }]);
    expect(await machine.d1("reservations", "id")).toEqual([{ id: good.id }]);
    expect(await audit(machine)).toHaveLength(2);

    await machine.insertRows(stranger);
    await machine.step(stranger, "cancel", bad.id);
    await eventually(() => isDrained(machine));
    expect(await machine.d1("reservations", "id")).toHaveLength(2);
    expect(await parked()).toEqual([]);
  });
});

test("the ring keeps five hundred events and a few more, and no name", async () => {
  const machine = await TestMachine.open({ projected: false, policy: { horizon_days: 60 } });
  for (let round = 0; round < 300; round++) {
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.step(machine.ada, "cancel", id);
  }
  await eventually(() => isDrained(machine));
  const bodies = await machine.inside((_, state) => state.storage.sql.exec("SELECT body FROM events").toArray());
  expect(bodies.length).toBeGreaterThanOrEqual(500);
  expect(bodies.length).toBeLessThan(600);
  expect(JSON.stringify(bodies)).not.toMatch(/Ada|Lovelace/);
});
