import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Command } from "../../src/modules/equipment/port.ts";
import { eventually, MINUTE, MORNING, slot, TestMachine } from "../support/object.ts";
import { audit, isDrained, lost, noQueue, outbox, pick } from "../support/projected.ts";

describe("reproject", () => {
  test("an event that was parked is kept whole, and offered again by reproject", async () => {
    const machine = await TestMachine.open();
    let isRefused = true;
    await machine.inside((object) => {
      const { project } = object.ports;
      const refuse = (): Promise<void> => Promise.reject(new Error("D1_ERROR: CHECK failed: SQLITE_CONSTRAINT"));
      object.ports = {
        ...object.ports,
        ...noQueue,
        project: (batch) =>
          isRefused && batch.some(({ sql }) => sql.startsWith("INSERT INTO audit_log")) ? refuse() : project(batch),
      };
    });
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await eventually(async () => {
      await machine.alarm();
      return isDrained(machine);
    }, 20_000);
    expect(await audit(machine)).toEqual([]);
    expect(await machine.stub.reproject()).toMatchObject({ parked: 1 });
    await machine.inside((_, state) => state.storage.sql.exec("DELETE FROM events"));
    isRefused = false;
    expect(await machine.stub.reproject()).toMatchObject({ parked: 0 });
    expect(await audit(machine)).toMatchObject([{ action: "reservation.created", subject_id: id }]);
    expect(await outbox(machine)).toMatchObject([{ type: "reservation.created" }]);
    expect(await machine.stub.reproject()).toMatchObject({ parked: 0 });
    expect(await audit(machine)).toHaveLength(1);
  }, 40_000);

  test("events that are in the audit already leave no gap in its numbers", async () => {
    const machine = await TestMachine.open();
    let isFirst = true;
    await machine.inside((object) => {
      const { project } = object.ports;
      object.ports = {
        ...object.ports,
        ...noQueue,
        async project(batch) {
          await project(batch);
          if (!isFirst) return;
          // The answer gets lost, and D1 forgets how far it had come.
          isFirst = false;
          const { makerspace_id } = machine;
          await env.DB_000.prepare("DELETE FROM projection_cursors WHERE makerspace_id = ?").bind(makerspace_id).run();
          throw lost();
        },
      };
    });
    await machine.booked(machine.ada, slot(0, 1));
    await machine.booked(machine.ada, slot(2, 3));
    await eventually(async () => {
      await machine.alarm();
      return (await audit(machine)).length === 2;
    }, 20_000);
    expect((await audit(machine)).map(({ seq }) => seq)).toEqual([1, 2]);
  }, 40_000);

  test("finds nothing to mend when all is well", async () => {
    const machine = await TestMachine.open();
    for (let hour = 0; hour < 5; hour++) await machine.booked(machine.ada, slot(hour, hour + 1));
    expect(await machine.stub.reproject()).toEqual({
      reservations: 5,
      sessions: 0,
      series: 0,
      outages: 0,
      repaired: 0,
      orphans: 0,
      marked: 0,
      parked: 0,
    });
  });

  test("mends rows that are missing or different, and keeps what it does not know as orphans", async () => {
    const machine = await TestMachine.open();
    const [first, second, third] = [
      await machine.booked(machine.ada, slot(0, 1)),
      await machine.booked(machine.ada, slot(1, 2)),
      await machine.booked(machine.ada, slot(2, 3)),
    ];
    const tenant = [machine.makerspace_id, machine.equipment_id];
    const taken: Command = {
      type: "take_out",
      outage_id: "o",
      reason: "x",
      weekly: null,
      displaced: [],
      ...slot(4, 5),
    };
    expect((await machine.send(machine.desk, taken)).ok).toBe(true);
    await env.DB_000.batch([
      env.DB_000.prepare("UPDATE outages SET reason = 'y', version = 3 WHERE makerspace_id = ?").bind(tenant[0]),
      env.DB_000.prepare("DELETE FROM reservations WHERE id = ?").bind(first.id),
      env.DB_000.prepare("UPDATE reservations SET status = 'cancelled' WHERE id = ?").bind(second.id),
      env.DB_000.prepare("UPDATE reservations SET status = 'cancelled', version = 7 WHERE id = ?").bind(third.id),
      env.DB_000.prepare(
        `INSERT INTO reservations (makerspace_id, id, equipment_id, member_id, status, starts_at, ends_at, created_by, version, created_at, updated_at, projected_at)
         VALUES (?, 'unknown', ?, ?, 'approved', ?, ?, 'x', 1, 1, 1, 1)`,
      ).bind(...tenant, machine.ada.id, MORNING, MORNING + MINUTE),
    ]);
    expect(await machine.stub.reproject()).toEqual({
      reservations: 3,
      sessions: 0,
      series: 0,
      outages: 1,
      repaired: 4,
      orphans: 1,
      marked: 1,
      parked: 0,
    });
    const rows = await machine.d1<{ id: string; status: string; version: number; orphan: number }>("reservations");
    for (const { id } of [first, second, third]) {
      const row = rows.find((each) => each.id === id);
      expect(row).toMatchObject({ orphan: 0, ...pick(await machine.read(id)) });
    }
    expect(rows.find((each) => each.id === "unknown")).toMatchObject({ orphan: 1, status: "approved" });
    expect(await machine.d1("outages")).toMatchObject([{ reason: "x", orphan: 0 }]);
    expect(await machine.stub.reproject()).toMatchObject({ repaired: 0, orphans: 1, marked: 0 });
  });

  test("an object that was set back begins a new epoch, so that its word counts again", async () => {
    const machine = await TestMachine.open();
    const booked = await machine.booked(machine.ada, slot(0, 1));
    // Storage hears of what D1 has.
    await machine.alarm();
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

test("an object that was set back says so with its next change, and none of its words is lost", async () => {
  const machine = await TestMachine.open();
  await machine.setPorts(noQueue);
  const booked = await machine.booked(machine.ada, slot(0, 1));
  await machine.alarm();
  const image = await machine.inside((_, state) =>
    state.storage.sql.exec("SELECT seq, projected_seq FROM state").one(),
  );
  await machine.booked(machine.bob, slot(2, 3));
  await machine.step(machine.bob, "cancel", (await machine.booked(machine.bob, slot(4, 5))).id);
  await machine.inside((_, state) => {
    state.storage.sql.exec("DELETE FROM events WHERE seq > ?", image.seq ?? 0);
    state.storage.sql.exec("UPDATE state SET seq = ?, projected_seq = ?", image.seq ?? 0, image.projected_seq ?? 0);
  });
  await evictDurableObject(machine.stub);
  await machine.setPorts(noQueue);
  await machine.step(machine.ada, "cancel", booked.id);
  await eventually(async () => (await audit(machine)).length === 5);
  const last = (await audit(machine)).at(-1);
  expect(last).toMatchObject({ action: "reservation.cancelled", subject_id: booked.id });
  expect(Number(last?.commit_id.split(":")[1])).toBeGreaterThan(2 ** 32);
  expect((await outbox(machine)).map((each) => each.id)).toContain(last?.commit_id);
  const rows = await machine.d1<{ id: string; status: string; version: number }>("reservations", "id, status, version");
  expect(rows.find((each) => each.id === booked.id)).toMatchObject(pick(await machine.read(booked.id)));
});

test("the reconciler walks the machine's own index", async () => {
  const machine = await TestMachine.open();
  await machine.booked(machine.ada, slot(0, 1));
  const asked: string[] = [];
  await machine.inside((object) => {
    const { read } = object.ports;
    object.ports = {
      ...object.ports,
      read: async (statement) => {
        const { sql, params } = statement;
        if (sql.includes("ORDER BY")) {
          const plan = env.DB_000.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(...params);
          asked.push((await plan.all<{ detail: string }>()).results.map((each) => each.detail).join("; "));
        }
        return read(statement);
      },
    };
  });
  await machine.stub.reproject();
  expect(asked).toHaveLength(14);
  for (const plan of asked) expect(plan).toMatch(/^SEARCH \w+ USING (COVERING )?INDEX \w+_by_equipment [^;]*$/);
});
