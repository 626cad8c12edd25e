/** A slot that is kept while its member chooses. */

import { evictDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { MachineMessage } from "../../src/modules/equipment/live.ts";
import type { HoldRecord } from "../../src/modules/equipment/port.ts";
import {
  type CallOptions,
  HOUR,
  MINUTE,
  MORNING,
  type Person,
  refusalOf,
  reservationOf,
  silentPorts,
  slot,
  TestMachine,
} from "../support/object.ts";
import { watch } from "../support/socket.ts";

const quiet = { projected: false } as const;

type Times = { starts_at: number; ends_at: number };

const keep = (machine: TestMachine, by: Person, time: Times, options: CallOptions = {}) =>
  machine.send(by, { type: "hold", hold_id: crypto.randomUUID(), ...time }, options);

async function kept(machine: TestMachine, by: Person, time: Times): Promise<HoldRecord> {
  const result = await keep(machine, by, time);
  if (!result.ok || !result.hold) throw new Error(`refused: ${JSON.stringify(result)}`);
  return result.hold;
}

const renew = (machine: TestMachine, by: Person, hold_id: string) => machine.send(by, { type: "renew_hold", hold_id });
const release = (machine: TestMachine, by: Person, hold_id: string) =>
  machine.send(by, { type: "release_hold", hold_id });

describe("a hold", () => {
  test("keeps the slot from everybody else, and becomes its member's booking", async () => {
    const machine = await TestMachine.open(quiet);
    const { ada, bob } = machine;
    const hold = await kept(machine, ada, slot(1, 2));
    const refused = refusalOf(await machine.reserve(bob, slot(1.5, 2.5)));
    expect([refused.code, refused.conflicts_with]).toEqual(["slot_taken", slot(1, 2)]);
    expect(refusalOf(await keep(machine, bob, slot(0.5, 1.5))).code).toBe("slot_taken");
    const booked = await machine.booked(ada, slot(1, 2), { hold: hold.id });
    expect(await machine.stub.hold(hold.id)).toBeNull();
    expect((await machine.occupancy()).map(({ id }) => id)).toEqual([booked.id]);
  });

  test("is its member's alone, covers its own time only, and is used once", async () => {
    const machine = await TestMachine.open(quiet);
    const { ada, bob } = machine;
    const hold = await kept(machine, ada, slot(1, 2));
    const withHold = (by: Person, time: Times) => machine.reserve(by, time, { hold: hold.id });
    expect(refusalOf(await withHold(bob, slot(1, 2))).code).toBe("hold_gone");
    expect(refusalOf(await withHold(ada, slot(1, 2.5))).code).toBe("hold_gone");
    expect(refusalOf(await release(machine, bob, hold.id)).code).toBe("hold_gone");
    expect(refusalOf(await renew(machine, bob, hold.id)).code).toBe("hold_gone");
    reservationOf(await withHold(ada, slot(1, 2)));
    expect(refusalOf(await withHold(ada, slot(1, 2))).code).toBe("hold_gone");
  });

  test("gives back what the booking does not need, and is in nobody's own way", async () => {
    const machine = await TestMachine.open(quiet);
    await kept(machine, machine.ada, slot(1, 3));
    reservationOf(await machine.reserve(machine.ada, slot(1, 2)));
    reservationOf(await machine.reserve(machine.bob, slot(2, 3)));
    expect(await machine.inside((_, { storage }) => storage.sql.exec("SELECT id FROM holds").toArray())).toEqual([]);
  });

  test("is let go for another time on the same machine, but only when that is free", async () => {
    const machine = await TestMachine.open(quiet);
    const { ada, bob } = machine;
    const first = await kept(machine, ada, slot(1, 2));
    await machine.booked(bob, slot(3, 4));
    expect(refusalOf(await keep(machine, ada, slot(3, 4))).code).toBe("slot_taken");
    expect(await machine.stub.hold(first.id)).not.toBeNull();
    const second = await kept(machine, ada, slot(1.5, 2.5));
    expect(await machine.stub.hold(first.id)).toBeNull();
    expect((await machine.occupancy()).map(({ id }) => id)).toContain(second.id);
    reservationOf(await machine.reserve(bob, slot(1, 1.5)));
  });

  test("runs out by itself, after its minutes and never past its start", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { hold_minutes: 10 } });
    const { ada, bob } = machine;
    const hold = await kept(machine, ada, slot(1, 2));
    expect(hold.expires_at - hold.created_at).toBe(10 * MINUTE);
    await machine.setClock(hold.expires_at - MINUTE);
    expect(refusalOf(await machine.reserve(bob, slot(1, 2))).code).toBe("slot_taken");
    await machine.setClock(hold.expires_at);
    expect(refusalOf(await machine.reserve(ada, slot(1, 2), { hold: hold.id })).code).toBe("hold_gone");
    expect(await machine.stub.hold(hold.id)).toBeNull();
    reservationOf(await machine.reserve(bob, slot(1, 2)));
    await machine.setClock(MORNING + 2 * HOUR - 3 * MINUTE);
    expect((await kept(machine, ada, slot(2, 3))).expires_at).toBe(slot(2, 3).starts_at);
  });

  test("is renewed twice, each time for its whole time", async () => {
    const machine = await TestMachine.open(quiet);
    const { id } = await kept(machine, machine.ada, slot(1, 2));
    for (const renewals of [1, 2]) {
      await machine.setClock(MORNING - HOUR + renewals * 4 * MINUTE);
      const renewed = await renew(machine, machine.ada, id);
      expect(renewed).toMatchObject({ ok: true, hold: { id, renewals } });
      if (renewed.ok && renewed.hold) {
        const left = renewed.hold.expires_at - (MORNING - HOUR + renewals * 4 * MINUTE);
        expect(Math.abs(left - 5 * MINUTE)).toBeLessThan(5_000);
      }
    }
    const refused = refusalOf(await renew(machine, machine.ada, id));
    expect([refused.code, refused.reasons[0]?.code]).toEqual(["booking_refused", "renewals_used_up"]);
  });

  test("is not kept for ever by asking for it again and again", async () => {
    const machine = await TestMachine.open(quiet);
    const { ada } = machine;
    const first = await kept(machine, ada, slot(1, 2));
    for (const minutes of [4, 8, 12]) {
      await machine.setClock(first.created_at + minutes * MINUTE);
      const again = await kept(machine, ada, slot(1.5, 2.5));
      expect(again.expires_at).toBeLessThanOrEqual(first.created_at + 15 * MINUTE);
    }
    await machine.setClock(first.created_at + 15 * MINUTE - 1_000);
    expect((await kept(machine, ada, slot(1, 2))).expires_at).toBe(first.created_at + 15 * MINUTE);
    await machine.setClock(first.created_at + 15 * MINUTE);
    reservationOf(await machine.reserve(machine.bob, slot(1, 2)));
  });

  test("reaching into a booking of its member's makes room for it, as far as it goes", async () => {
    const machine = await TestMachine.open(quiet);
    await kept(machine, machine.ada, slot(1, 2));
    reservationOf(await machine.reserve(machine.ada, slot(1.5, 3)));
    reservationOf(await machine.reserve(machine.bob, slot(1, 1.5)));
  });

  test("comes and goes without leaving its events behind for ever", async () => {
    const machine = await TestMachine.open(quiet);
    for (let round = 0; round < 330; round++) {
      const { id } = await kept(machine, machine.ada, slot(1, 2));
      await release(machine, machine.ada, id);
    }
    const [{ events }] = (await machine.inside((_, { storage }) =>
      storage.sql.exec("SELECT count(*) AS events FROM events").toArray(),
    )) as [{ events: number }];
    expect(events).toBeLessThan(600);
  });

  test("is let go at once by its member and by the staff, and gives its neighbour the buffer back", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { buffer_minutes: 30 } });
    const { ada, bob, desk } = machine;
    const before = await machine.booked(ada, slot(0, 1));
    const hold = await kept(machine, ada, slot(1, 2));
    const blocked = async () => (await machine.occupancy()).find(({ id }) => id === before.id)?.blocked_to;
    expect(await blocked()).toBe(MORNING + HOUR);
    expect(await release(machine, ada, hold.id)).toMatchObject({ ok: true });
    expect(await blocked()).toBe(MORNING + 1.5 * HOUR);
    expect(refusalOf(await release(machine, ada, hold.id)).code).toBe("hold_gone");
    const another = await kept(machine, bob, slot(2, 3));
    expect(await release(machine, desk, another.id)).toMatchObject({ ok: true });
    reservationOf(await machine.reserve(ada, slot(2, 3)));
  });

  test("is judged like a booking; its notice was given when it was made", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { notice_minutes: 60, hold_minutes: 30 } });
    const { ada } = machine;
    expect(refusalOf(await keep(machine, ada, slot(-0.25, 1))).code).toBe("booking_refused");
    const hold = await kept(machine, ada, slot(0.25, 1));
    await machine.setClock(MORNING - 0.75 * HOUR + 2 * MINUTE);
    const tooLate = refusalOf(await machine.reserve(ada, slot(0.25, 1)));
    expect(tooLate.reasons.map(({ code }) => code)).toEqual(["notice_too_short"]);
    reservationOf(await machine.reserve(ada, slot(0.25, 1), { hold: hold.id }));
  });

  test("goes with its member, and keeps no machine", async () => {
    const machine = await TestMachine.open(quiet);
    const { ada, bob, desk } = machine;
    const hers = await kept(machine, ada, slot(1, 2));
    const his = await kept(machine, bob, slot(2, 3));
    await machine.send(desk, { type: "sweep_member", member_id: ada.id, note: "" });
    expect([await machine.stub.hold(hers.id), (await machine.stub.hold(his.id))?.id]).toEqual([null, his.id]);
    expect(await machine.send(desk, { type: "retire" })).toMatchObject({ ok: true });
    expect([await machine.stub.hold(his.id), await machine.occupancy()]).toEqual([null, []]);
  });

  test("outlives the instance, and a repeated request is answered with it", async () => {
    const machine = await TestMachine.open(quiet);
    const command = { type: "hold", hold_id: crypto.randomUUID(), ...slot(1, 2) } as const;
    const first = await machine.send(machine.ada, command, { key: "k", fingerprint: "f" });
    await evictDurableObject(machine.stub);
    await machine.setPorts(silentPorts);
    const again = await machine.send(
      machine.ada,
      { ...command, hold_id: crypto.randomUUID() },
      { key: "k", fingerprint: "f" },
    );
    expect(again).toEqual({ ...first, replayed: true });
    expect((await machine.occupancy()).map(({ id }) => id)).toEqual([command.hold_id]);
  });

  test("is seen at once by whoever watches; whose it is by the staff and themselves", async () => {
    const machine = await TestMachine.open(quiet);
    const staff = await watch<MachineMessage>(() => machine.stub, { audience: "staff" });
    const member = await watch<MachineMessage>(() => machine.stub, { audience: "member", id: machine.bob.id });
    const { id } = await kept(machine, machine.ada, slot(0, 1));
    await release(machine, machine.ada, id);
    const [, seenByStaff, gone] = await staff.until(3);
    const [, seen] = await member.until(3);
    expect(seenByStaff).toMatchObject({
      event: { type: "hold.created" },
      state: { status: "available", next: { kind: "hold", status: "pending", holder: "Ada Lovelace", mine: false } },
    });
    expect(seen).toMatchObject({ state: { next: { kind: "hold", holder: null, mine: false } } });
    expect(JSON.stringify(seen)).not.toContain(machine.ada.id);
    expect(gone).toMatchObject({ event: { type: "hold.released" }, state: { next: null } });
  });

  test("shows in the availability for what it is", async () => {
    const machine = await TestMachine.open(quiet);
    await kept(machine, machine.ada, slot(1, 2));
    const { busy } = await machine.stub.availability(slot(0, 3).starts_at, slot(0, 3).ends_at);
    expect(busy).toContainEqual({ ...slot(1, 2), because: "hold" });
  });
});
