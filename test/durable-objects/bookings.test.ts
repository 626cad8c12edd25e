import { describe, expect, test } from "vitest";
import { Keys } from "../../durable-objects/equipment/keys.ts";
import { Timers } from "../../durable-objects/equipment/timers.ts";
import { DAY } from "../../src/platform/time.ts";
import { HOUR, MINUTE, MORNING, person, refusalOf, slot, TestMachine } from "../support/object.ts";

const quiet = { projected: false } as const;
const codes = (reasons: { code: string }[]): string[] => reasons.map((each) => each.code);

describe("reserve", () => {
  test("fifty people ask for one slot at once: one gets it", async () => {
    const machine = await TestMachine.open(quiet);
    const crowd = Array.from({ length: 50 }, () => person());
    const results = await Promise.all(crowd.map((each) => machine.reserve(each, slot(0, 1))));
    expect(results.filter((each) => each.ok)).toHaveLength(1);
    for (const result of results)
      if (!result.ok) expect(result).toMatchObject({ code: "slot_taken", conflicts_with: slot(0, 1) });
    expect(await machine.occupancy()).toHaveLength(1);
  });

  test("the rules refuse with every reason at once", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { max_minutes: 60, notice_minutes: 120 } });
    const refused = refusalOf(
      await machine.reserve(machine.ada, { starts_at: MORNING + 1, ends_at: MORNING + 2 * HOUR }),
    );
    expect(refused.code).toBe("booking_refused");
    expect(codes(refused.reasons)).toEqual(["notice_too_short", "off_grid", "too_long"]);
  });

  test("staff book for somebody else, without notice, and are approved at once", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { approval: "staff", notice_minutes: 600 } });
    const booked = await machine.booked(machine.desk, slot(0, 1), { for: machine.ada });
    expect(booked).toMatchObject({ status: "approved", member_id: machine.ada.id, created_by: machine.desk.id });
    const refused = refusalOf(await machine.reserve(machine.bob, slot(2, 3), { for: machine.ada }));
    expect(refused.code).toBe("forbidden");
  });

  test("where staff approve, it is pending, holds its slot, and expires no later than its start", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { approval: "staff", pending_ttl_minutes: 30 } });
    const soon = await machine.booked(machine.ada, slot(0, 1));
    expect(soon).toMatchObject({ status: "pending" });
    expect(soon.expires_at).toBe(soon.created_at + 30 * MINUTE);
    expect(refusalOf(await machine.reserve(machine.bob, slot(0, 1))).code).toBe("slot_taken");
    await machine.configure({ pending_ttl_minutes: 600 });
    expect((await machine.booked(machine.ada, slot(2, 3))).expires_at).toBe(MORNING + 2 * HOUR);
  });

  test("a machine that is down refuses today, not tomorrow", async () => {
    const machine = await TestMachine.open({ ...quiet, status: "under_maintenance" });
    expect(refusalOf(await machine.reserve(machine.ada, slot(0, 1))).code).toBe("equipment_unavailable");
    await machine.booked(machine.ada, slot(24, 25));
  });

  test("a policy change leaves bookings alone", async () => {
    const machine = await TestMachine.open(quiet);
    const booked = await machine.booked(machine.ada, slot(0, 2));
    await machine.configure({ max_minutes: 30, buffer_minutes: 60, check_in: "required", grace_minutes: 5 });
    expect(await machine.read(booked.id)).toEqual(booked);
    await machine.setClock(MORNING + 10 * MINUTE);
    expect((await machine.read(booked.id)).status).toBe("active");
  });
});

describe("facts", () => {
  test("facts that are too old are not acted on", async () => {
    const machine = await TestMachine.open(quiet);
    const refused = await machine.reserve(machine.ada, slot(0, 1), { decide_before: Date.now() - 1 });
    expect(refusalOf(refused).code).toBe("stale_facts");
  });

  test("a machine that is behind the settings asks for them", async () => {
    const machine = await TestMachine.open(quiet);
    const refused = await machine.reserve(machine.ada, slot(0, 1), { versions: { makerspace: 1, equipment: 99 } });
    expect(refusalOf(refused).code).toBe("policy_behind");
  });

  test("old settings never replace newer ones", async () => {
    const machine = await TestMachine.open(quiet);
    await machine.configure({ min_minutes: 60 });
    const old = {
      version: 1,
      code: "x",
      name: "x",
      category: "laser_cutter",
      location: null,
      status: "offline",
    } as const;
    expect(await machine.stub.configure({ equipment: { ...old, policy: {} } })).toEqual({
      makerspace: 2,
      equipment: 2,
      hours: 0,
    });
    expect(codes(refusalOf(await machine.reserve(machine.ada, slot(0, 0.5))).reasons)).toEqual(["too_short"]);
  });

  test("facts read before a sweep book nothing afterwards, fresh ones do", async () => {
    const machine = await TestMachine.open(quiet);
    const read_at = Date.now();
    await machine.booked(machine.ada, slot(0, 1));
    await scheduler.wait(5);
    const swept = await machine.send(machine.desk, {
      type: "sweep_member",
      member_id: machine.ada.id,
      note: "suspended",
    });
    expect(swept).toMatchObject({ ok: true, cancelled: 1 });
    const stale = await machine.reserve(machine.ada, slot(0, 1), { decide_before: read_at + 10_000 });
    expect(refusalOf(stale).code).toBe("stale_facts");
    await machine.booked(machine.bob, slot(0, 1), { decide_before: read_at + 10_000 });
    await scheduler.wait(5);
    await machine.booked(machine.ada, slot(2, 3));
  });

  test("a suspension racing bookings never leaves one behind", async () => {
    const machine = await TestMachine.open(quiet);
    const read_at = Date.now() - 1;
    const racing = Array.from({ length: 30 }, (_, hour) =>
      machine.reserve(machine.ada, slot(hour, hour + 1), { decide_before: read_at + 10_000 }),
    );
    const sweep = machine.send(machine.desk, { type: "sweep_member", member_id: machine.ada.id, note: "suspended" });
    const late = Array.from({ length: 30 }, (_, hour) =>
      machine.reserve(machine.ada, slot(40 + hour, 41 + hour), { decide_before: read_at + 10_000 }),
    );
    await Promise.all([...racing, sweep, ...late]);
    expect(await machine.occupancy()).toEqual([]);
  });
});

describe("Idempotency-Key", () => {
  test("the same key and body book once and answer the same", async () => {
    const machine = await TestMachine.open(quiet);
    const first = await machine.reserve(machine.ada, slot(0, 1), { key: "k", fingerprint: "f" });
    const again = await machine.reserve(machine.ada, slot(0, 1), { key: "k", fingerprint: "f" });
    expect(first).toMatchObject({ ok: true, replayed: false });
    expect(again).toEqual({ ...first, replayed: true });
    expect(await machine.occupancy()).toHaveLength(1);
  });

  test("another body under the same key is a mistake", async () => {
    const machine = await TestMachine.open(quiet);
    await machine.reserve(machine.ada, slot(0, 1), { key: "k", fingerprint: "f" });
    const other = await machine.reserve(machine.ada, slot(2, 3), { key: "k", fingerprint: "g" });
    expect(refusalOf(other).code).toBe("idempotency_mismatch");
  });

  test("keys are the caller's own", async () => {
    const machine = await TestMachine.open(quiet);
    await machine.reserve(machine.ada, slot(0, 1), { key: "k" });
    expect(await machine.reserve(machine.bob, slot(2, 3), { key: "k" })).toMatchObject({ ok: true, replayed: false });
  });

  test("a refusal is forgotten, an effect is remembered even when it has been undone", async () => {
    const machine = await TestMachine.open(quiet);
    const mine = await machine.booked(machine.ada, slot(0, 1));
    const taken = await machine.reserve(machine.bob, slot(0, 1), { key: "k", fingerprint: "f" });
    expect(refusalOf(taken).code).toBe("slot_taken");
    await machine.step(machine.ada, "cancel", mine.id);
    const booked = await machine.reserve(machine.bob, slot(0, 1), { key: "k", fingerprint: "f" });
    expect(booked).toMatchObject({ ok: true, replayed: false });
    if (booked.ok && booked.reservation) await machine.step(machine.bob, "cancel", booked.reservation.id);
    expect(await machine.reserve(machine.bob, slot(0, 1), { key: "k", fingerprint: "f" })).toEqual({
      ...booked,
      replayed: true,
    });
  });

  test("a key is free again when its time is over, and its row goes", async () => {
    const machine = await TestMachine.open(quiet);
    await machine.reserve(machine.ada, slot(30, 31), { key: "k", fingerprint: "f" });
    await machine.setClock(MORNING + DAY);
    const again = await machine.reserve(machine.ada, slot(32, 33), { key: "k", fingerprint: "f" });
    expect(again).toMatchObject({ ok: true, replayed: false });
    await machine.setClock(MORNING + 3 * DAY);
    await machine.alarm();
    expect(await machine.inside((_, state) => state.storage.sql.exec("SELECT * FROM keys").toArray())).toEqual([]);
  });
});

test("the clock is shifted in tests only", async () => {
  const machine = await TestMachine.open(quiet);
  const refused = machine.inside(async (object) => {
    const env = (object as unknown as { env: Record<string, string> }).env;
    Object.defineProperty(object, "env", { value: { ...env, ENVIRONMENT: "production" } });
    await object.setClockOffset(1).catch((error: Error) => Promise.reject(new Error(`refused: ${error.message}`)));
  });
  await expect(refused).rejects.toThrow("refused: the clock is shifted in tests only");
});

test("a command that was rolled back leaves the next key with a timer", async () => {
  const machine = await TestMachine.open(quiet);
  await machine.inside((_, { storage }) => {
    const timers = new Timers(storage.sql);
    const keys = new Keys(storage.sql, timers, machine.equipment_id);
    const key = { key: "k", scope: "s", fingerprint: "f", ttl_ms: 1_000 };
    const store = (): void => keys.store(key, { reservation: null, session: null, hold: null }, 0);
    const failing = (): void => {
      store();
      throw new Error("no");
    };
    expect(() => storage.transactionSync(failing)).toThrow("no");
    timers.reload();
    keys.reload();
    store();
    expect(timers.of("keys")).toEqual({ ref: "keys", kind: "keys", due_at: 1_000 });
  });
});
