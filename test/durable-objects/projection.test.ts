import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Ports } from "../../durable-objects/equipment/ports.ts";
import type { EventEnvelope } from "../../src/platform/events.ts";
import {
  eventually,
  HOUR,
  MINUTE,
  MORNING,
  person,
  reservationOf,
  sessionOf,
  slot,
  TestMachine,
} from "../support/object.ts";

/** Small, seeded, good enough for choosing where a fault strikes. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const lost = (): Error => new Error("D1_ERROR: Network connection lost.");

/** Fails before or after the effect, by chance. */
function faulty<A extends unknown[]>(random: () => number, chance: number, work: (...args: A) => Promise<void>) {
  return async (...args: A): Promise<void> => {
    if (random() < chance) throw lost();
    await work(...args);
    if (random() < chance) throw lost();
  };
}

interface Audit {
  seq: number;
  commit_id: string;
  action: string;
  actor_id: string;
  subject_id: string;
  before: string | null;
  after: string;
}

const audit = async ({ makerspace_id }: TestMachine): Promise<Audit[]> => {
  const read = env.DB_000.prepare("SELECT * FROM audit_log WHERE makerspace_id = ? ORDER BY seq").bind(makerspace_id);
  return (await read.all<Audit>()).results;
};
const outbox = async ({ makerspace_id }: TestMachine): Promise<EventEnvelope[]> => {
  const read = env.DB_000.prepare("SELECT envelope FROM outbox WHERE makerspace_id = ?").bind(makerspace_id);
  return (await read.all<{ envelope: string }>()).results.map((row) => JSON.parse(row.envelope) as EventEnvelope);
};

/** Keeps the queue out of it, so that no consumer empties the outbox meanwhile. */
const noQueue: Partial<Ports> = { send: async () => undefined };

/** True when D1 has everything the object knows. */
const isDrained = (machine: TestMachine): Promise<boolean> =>
  machine.inside((_, state) => {
    const [row] = state.storage.sql
      .exec(
        `SELECT (SELECT count(*) FROM reservations WHERE dirty = 1) + (SELECT count(*) FROM sessions WHERE dirty = 1)
           + (SELECT count(*) FROM events, state WHERE projected = 1 AND events.seq > projected_seq) AS left_over`,
      )
      .toArray();
    return row?.left_over === 0;
  });

describe("what was answered is in D1", () => {
  test("the row, the audit and the outbox, before the answer comes back", async () => {
    const machine = await TestMachine.open();
    await machine.setPorts(noQueue);
    const booked = await machine.booked(machine.ada, slot(0, 1));
    const { version: _, orphan, ...row } = (await machine.d1<Record<string, unknown>>("reservations"))[0] ?? {};
    const { version, ...record } = booked;
    expect(row).toEqual({ ...record, makerspace_id: machine.makerspace_id });
    expect([orphan, version]).toEqual([0, 1]);
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

describe("reproject", () => {
  test("finds nothing to mend when all is well", async () => {
    const machine = await TestMachine.open();
    for (let hour = 0; hour < 5; hour++) await machine.booked(machine.ada, slot(hour, hour + 1));
    expect(await machine.stub.reproject()).toEqual({ reservations: 5, sessions: 0, repaired: 0, orphans: 0 });
  });

  test("mends rows that are missing or different, and keeps what it does not know as orphans", async () => {
    const machine = await TestMachine.open();
    const [first, second, third] = [
      await machine.booked(machine.ada, slot(0, 1)),
      await machine.booked(machine.ada, slot(1, 2)),
      await machine.booked(machine.ada, slot(2, 3)),
    ];
    const tenant = [machine.makerspace_id, machine.equipment_id];
    await env.DB_000.batch([
      env.DB_000.prepare("DELETE FROM reservations WHERE id = ?").bind(first.id),
      env.DB_000.prepare("UPDATE reservations SET status = 'cancelled' WHERE id = ?").bind(second.id),
      env.DB_000.prepare("UPDATE reservations SET status = 'cancelled', version = 7 WHERE id = ?").bind(third.id),
      env.DB_000.prepare(
        `INSERT INTO reservations (makerspace_id, id, equipment_id, member_id, status, starts_at, ends_at, created_by, version, created_at, updated_at)
         VALUES (?, 'unknown', ?, ?, 'approved', ?, ?, 'x', 1, 1, 1)`,
      ).bind(...tenant, machine.ada.id, MORNING, MORNING + MINUTE),
    ]);
    expect(await machine.stub.reproject()).toEqual({ reservations: 3, sessions: 0, repaired: 3, orphans: 1 });
    const rows = await machine.d1<{ id: string; status: string; version: number; orphan: number }>("reservations");
    for (const { id } of [first, second, third]) {
      const row = rows.find((each) => each.id === id);
      expect(row).toMatchObject({ orphan: 0, ...pick(await machine.read(id)) });
    }
    expect(rows.find((each) => each.id === "unknown")).toMatchObject({ orphan: 1, status: "approved" });
    expect(await machine.stub.reproject()).toMatchObject({ repaired: 0, orphans: 1 });
  });

  test("an object that was set back begins a new epoch, so that its word counts again", async () => {
    const machine = await TestMachine.open();
    const booked = await machine.booked(machine.ada, slot(0, 1));
    const image = await machine.inside((_, state) =>
      state.storage.sql.exec("SELECT seq, projected_seq FROM state").one(),
    );
    await machine.step(machine.ada, "cancel", booked.id);
    await machine.inside((_, state) => {
      state.storage.sql.exec("UPDATE reservations SET status = 'approved', version = 1");
      state.storage.sql.exec("DELETE FROM events WHERE seq > ?", image.seq ?? 0);
      state.storage.sql.exec("UPDATE state SET seq = ?, projected_seq = ?", image.seq ?? 0, image.projected_seq ?? 0);
    });
    await evictDurableObject(machine.stub);
    expect(await machine.stub.reproject()).toMatchObject({ repaired: 1 });
    const [row] = await machine.d1<{ status: string; version: number }>("reservations", "status, version");
    expect(row?.status).toBe("approved");
    expect(row?.version).toBeGreaterThan(2 ** 32);
    await machine.step(machine.ada, "cancel", booked.id);
    expect((await machine.d1<{ status: string }>("reservations", "status"))[0]?.status).toBe("cancelled");
    const actions = (await audit(machine)).map((each) => each.action);
    expect(actions).toEqual(["reservation.created", "reservation.cancelled", "reservation.cancelled"]);
  });
});

test("the ring keeps five hundred events and no name", async () => {
  const machine = await TestMachine.open({ projected: false, policy: { horizon_days: 60 } });
  for (let round = 0; round < 300; round++) {
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.step(machine.ada, "cancel", id);
  }
  await eventually(() => isDrained(machine));
  const bodies = await machine.inside((_, state) => state.storage.sql.exec("SELECT body FROM events").toArray());
  expect(bodies).toHaveLength(500);
  expect(JSON.stringify(bodies)).not.toMatch(/Ada|Lovelace/);
});

/** What a row in D1 shares with the object's record, whatever columns were read. */
const pick = ({ status, version }: { status: string; version: number }) => ({ status, version });
