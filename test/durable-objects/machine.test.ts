import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { migrations } from "../../durable-objects/equipment/schema.ts";
import { Store } from "../../durable-objects/equipment/store.ts";
import { migrate } from "../../durable-objects/sql.ts";
import type { ReservationRecord } from "../../src/modules/equipment/port.ts";
import { DAY } from "../../src/platform/time.ts";
import { HOUR, MINUTE, MORNING, refusalOf, reservationOf, silentPorts, slot, TestMachine } from "../support/object.ts";
import { knock } from "../support/socket.ts";

const quiet = { projected: false } as const;

/** The tables of an object that somebody made. */
const tables = (_: unknown, state: DurableObjectState): unknown[] =>
  state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray();

describe("what nobody set up", () => {
  test("a machine answers every door that it is not there, and keeps no trace of who asked", async () => {
    const machine = new TestMachine(quiet);
    const { stub, ada, desk } = machine;
    const query = { starts_from: 0, starts_to: MORNING, statuses: null, after: null, limit: 1 };
    expect(await stub.reservation("x")).toBeNull();
    expect(await stub.reservations(query)).toEqual([]);
    expect(await stub.session("x")).toBeNull();
    expect((await stub.availability(0, 1)).free).toEqual([]);
    expect(await stub.closeSockets([{ kind: "member", id: "x" }], "x")).toBe(0);
    expect(await stub.reproject()).toMatchObject({ reservations: 0, parked: 0 });
    await stub.forget("x");
    expect(await stub.ping()).toBe(true);
    const turnedAway = await knock(stub, "x");
    expect([turnedAway.status, (await turnedAway.json<{ code: string }>()).code]).toEqual([401, "unauthenticated"]);
    expect(refusalOf(await machine.reserve(ada, slot(0, 1))).code).toBe("policy_behind");
    expect(refusalOf(await machine.send(desk, { type: "retire" })).code).toBe("policy_behind");
    expect(await machine.send(desk, { type: "sweep_member", member_id: ada.id, note: "" })).toMatchObject({ ok: true });
    expect(await runInDurableObject(stub, tables)).toEqual([]);
    await evictDurableObject(stub);
    expect(await runInDurableObject(machine.stub, tables)).toEqual([]);
    await machine.setPorts(silentPorts);
    await machine.configure();
    reservationOf(await machine.reserve(ada, slot(0, 1)));
  });

  test("a board, too", async () => {
    const floor = () => env.FLOOR.getByName(`${crypto.randomUUID()}:floor`);
    const board = floor();
    expect(await board.watchedMachines()).toEqual([]);
    expect(await board.tablet("t1", "digest")).toBeNull();
    await board.revokeTablet("t1");
    expect(await board.closeSockets([{ kind: "tablet", id: "t1" }], "x")).toBe(0);
    expect((await knock(board, "x")).status).toBe(401);
    expect(await runInDurableObject(board, tables)).toEqual([]);
  });
});

/** What a statement of the machine read, counted by storage itself. */
async function rowsRead(machine: TestMachine, work: (store: Store) => unknown): Promise<number> {
  return machine.inside((_, { storage }) => {
    const cursors: { rowsRead: number }[] = [];
    const exec: SqlStorage["exec"] = (statement, ...params) => {
      const cursor = storage.sql.exec(statement, ...params);
      cursors.push(cursor);
      return cursor as never;
    };
    const store = new Store({ ...storage, sql: { exec } } as unknown as DurableObjectStorage, machine.equipment_id);
    cursors.length = 0;
    work(store);
    return cursors.reduce((sum, each) => sum + each.rowsRead, 0);
  });
}

describe("what is stored", () => {
  test("a booking writes eight rows, and what D1 has heard is written with the next one", async () => {
    const machine = await TestMachine.open(quiet);
    const key = (): { key: string } => ({ key: crypto.randomUUID() });
    await machine.booked(machine.ada, slot(0, 1), key());
    await machine.booked(machine.ada, slot(1, 2), key());
    let written = 0;
    await machine.inside((_, { storage }) => {
      const exec = storage.sql.exec.bind(storage.sql);
      storage.sql.exec = (statement: string, ...params: unknown[]) => {
        const cursor = exec(statement, ...params);
        if (!/^SELECT/.test(statement)) written += cursor.rowsWritten;
        return cursor as never;
      };
    });
    await machine.booked(machine.ada, slot(2, 3), key());
    // Occupancy, the booking and its index, the event, the key, the timer and its index, the machine's own row.
    expect(written).toBe(8);
  });

  test("a machine of an earlier release goes on with what it had not told", async () => {
    const name = `${crypto.randomUUID()}:${crypto.randomUUID()}`;
    const stub = env.EQUIPMENT.getByName(name);
    await runInDurableObject(stub, (_, { storage }) => {
      migrate(storage, migrations.slice(0, 3));
      const event = { seq: 1, envelope: { subject: { type: "reservation", id: "told" } } };
      storage.sql.exec("INSERT INTO events (seq, projected, body) VALUES (1, 1, ?)", JSON.stringify(event));
      for (const [id, dirty] of [
        ["told", 0],
        ["waiting", 1],
      ] as const) {
        storage.sql.exec(
          `INSERT INTO reservations (id, member_id, status, starts_at, ends_at, created_by, created_at, updated_at, version, dirty)
           VALUES (?, 'x', 'approved', 1, 2, 'x', 1, 1, 3, ?)`,
          id,
          dirty,
        );
      }
      migrate(storage, migrations);
      expect(storage.sql.exec("SELECT kind, id, version FROM resend").toArray()).toEqual([
        { kind: "reservation", id: "waiting", version: 3 },
      ]);
      expect(storage.sql.exec("SELECT subject_type, subject_id FROM events").toArray()).toEqual([
        { subject_type: "reservation", subject_id: "told" },
      ]);
    });
  });
});

describe("availability and lists", () => {
  test("a rare status is read from its index, however long the schedule", async () => {
    const machine = await TestMachine.open(quiet);
    await machine.inside((_, state) =>
      state.storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
         INSERT INTO reservations (id, member_id, status, starts_at, ends_at, created_by, created_at, updated_at, version)
         SELECT 'r' || i, 'x', iif(i % 1000 = 0, 'no_show', 'completed'), i * 1000, i * 1000 + 1000, 'x', 1, 1, 1 FROM n`,
      ),
    );
    const query = { starts_from: 0, starts_to: MORNING, statuses: ["no_show", "pending"] as const, after: null };
    const found = await machine.stub.reservations({ ...query, limit: 10 });
    expect(found.map((each) => each.id)).toEqual(["r1000", "r2000", "r3000"]);
    expect(await rowsRead(machine, (store) => store.reservations({ ...query, limit: 10 }))).toBeLessThan(20);
  });

  test("who holds time is found without the past", async () => {
    const machine = await TestMachine.open(quiet);
    await machine.inside((_, state) =>
      state.storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO occupancy (blocked_from, blocked_to, starts_at, ends_at, kind, id, member_id, buffer_ms)
         SELECT i * 1000, i * 1000 + 500, i * 1000, i * 1000 + 500, 'reservation', 'r' || i, 'x', 0 FROM n`,
      ),
    );
    const booked = await machine.booked(machine.ada, slot(0, 1));
    let found: ReservationRecord[] = [];
    const read = await rowsRead(machine, (store) => {
      found = store.holding(MORNING - HOUR, null);
    });
    expect(found.map((each) => each.id)).toEqual([booked.id]);
    expect(read).toBeLessThan(10);
  });

  test("free time, and why the rest is not", async () => {
    const machine = await TestMachine.open({
      ...quiet,
      policy: { buffer_minutes: 30, notice_minutes: 60, horizon_days: 1 },
    });
    await machine.setClock(MORNING - HOUR);
    await machine.booked(machine.desk, slot(1, 2), { for: machine.ada });
    const { free, busy } = await machine.stub.availability(MORNING - 2 * HOUR, MORNING + 30 * HOUR);
    expect(
      free.map(({ starts_at, ends_at }) => [
        Math.round((starts_at - MORNING) / MINUTE),
        Math.round((ends_at - MORNING) / MINUTE),
      ]),
    ).toEqual([
      [0, 30],
      [150, 23 * 60],
    ]);
    expect(busy.map((each) => each.because)).toEqual(["past", "notice", "buffer", "reservation", "buffer", "horizon"]);
  });

  test("free time past ten thousand bookings is not told as if there were none: the answer says where it ends", async () => {
    const machine = await TestMachine.open(quiet);
    await machine.inside((_, state) => {
      const hold = `INSERT INTO occupancy (blocked_from, blocked_to, starts_at, ends_at, kind, id, member_id, buffer_ms)
        SELECT at, at + 60000, at, at + 60000, 'reservation', 'b' || at, 'm', 0
        FROM (SELECT ? + value * 120000 AS at FROM (WITH RECURSIVE n(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n LIMIT 10050) SELECT value FROM n))`;
      state.storage.sql.exec(hold, MORNING);
    });
    const end = MORNING + 10_050 * 2 * MINUTE;
    const { until, free, busy } = await machine.stub.availability(MORNING, end);
    expect(until).toBe(MORNING + 10_000 * 2 * MINUTE);
    expect(Math.max(...[...free, ...busy].map(({ ends_at }) => ends_at))).toBe(until);
    const rest = await machine.stub.availability(until, end);
    expect(rest.until).toBe(end);
    expect(rest.busy.filter(({ because }) => because === "reservation")).toHaveLength(50);
  });

  test("a machine that is down is unavailable until local midnight", async () => {
    const machine = await TestMachine.open({ ...quiet, status: "offline", timezone: "Asia/Kolkata" });
    const { free } = await machine.stub.availability(MORNING, MORNING + DAY);
    expect(free).toEqual([{ starts_at: MORNING + 10.5 * HOUR, ends_at: MORNING + DAY }]);
  });

  test("a page of the schedule goes on after the last one seen", async () => {
    const machine = await TestMachine.open(quiet);
    const made: ReservationRecord[] = [];
    for (let hour = 0; hour < 6; hour++) made.push(await machine.booked(machine.ada, slot(hour, hour + 1)));
    await machine.step(machine.ada, "cancel", made[2]?.id ?? "");
    const query = { starts_from: MORNING, starts_to: MORNING + 5 * HOUR, statuses: null, after: null, limit: 2 };
    const first = await machine.stub.reservations(query);
    expect(first.map((each) => each.id)).toEqual(made.slice(0, 2).map((each) => each.id));
    const after = { starts_at: MORNING + HOUR, id: made[1]?.id ?? "" };
    const rest = await machine.stub.reservations({ ...query, after, limit: 10 });
    expect(rest.map((each) => each.id)).toEqual(made.slice(2, 5).map((each) => each.id));
    const open = await machine.stub.reservations({ ...query, statuses: ["approved"], limit: 10 });
    expect(open.map((each) => each.id)).toEqual([0, 1, 3, 4].map((index) => made[index]?.id));
  });
});

describe("retirement and sweeps", () => {
  test("open bookings keep a machine; without them it is gone for good", async () => {
    const machine = await TestMachine.open(quiet);
    const booked = await machine.booked(machine.ada, slot(0, 1));
    expect(refusalOf(await machine.send(machine.desk, { type: "retire" })).code).toBe("has_open_reservations");
    await machine.step(machine.ada, "cancel", booked.id);
    expect(await machine.send(machine.desk, { type: "retire" })).toMatchObject({ ok: true });
    expect(refusalOf(await machine.reserve(machine.ada, slot(0, 1))).code).toBe("equipment_retired");
    expect(refusalOf(await machine.start(machine.ada, null, 30)).code).toBe("equipment_retired");
    expect(await machine.send(machine.desk, { type: "retire" })).toMatchObject({ ok: true });
    expect((await machine.read(booked.id)).status).toBe("cancelled");
    const { free, busy } = await machine.stub.availability(MORNING, MORNING + HOUR);
    expect([free, busy[0]?.because]).toEqual([[], "retired"]);
  });

  test("settings that it never got change nothing about it, and hold its retirement up neither", async () => {
    const machine = await TestMachine.open(quiet);
    const versions = { makerspace: 99, equipment: 99 };
    expect(await machine.send(machine.desk, { type: "retire" }, { versions })).toMatchObject({ ok: true });
    expect(refusalOf(await machine.reserve(machine.ada, slot(0, 1), { versions })).code).toBe("equipment_retired");
    expect(await machine.send(machine.desk, { type: "retire" }, { versions })).toMatchObject({ ok: true });
  });

  test("a running session keeps it, too", async () => {
    const machine = await TestMachine.open(quiet);
    await machine.start(machine.ada, null, 30);
    expect(refusalOf(await machine.send(machine.desk, { type: "retire" })).code).toBe("has_open_reservations");
  });

  test("a sweep cancels what is ahead and leaves what has begun", async () => {
    const machine = await TestMachine.open(quiet);
    const running = await machine.booked(machine.ada, slot(0, 1));
    const ahead = await machine.booked(machine.ada, slot(2, 3));
    const others = await machine.booked(machine.bob, slot(4, 5));
    await machine.setClock(MORNING + 1);
    const swept = await machine.send(machine.desk, {
      type: "sweep_member",
      member_id: machine.ada.id,
      note: "suspended",
    });
    expect(swept).toMatchObject({ ok: true, cancelled: 1 });
    expect((await machine.read(running.id)).status).toBe("active");
    expect(await machine.read(ahead.id)).toMatchObject({ status: "cancelled", note: "suspended" });
    expect((await machine.read(others.id)).status).toBe("approved");
  });
});
