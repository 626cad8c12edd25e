/** Who waits for a machine: behind one who overstays, behind staff who have to approve, behind a D1 that hangs. */

import { describe, expect, test } from "vitest";
import type { MachineMessage } from "../../src/modules/equipment/live.ts";
import { HOUR, MINUTE, MORNING, refusalOf, reservationOf, slot, TestMachine } from "../support/object.ts";
import { noQueue } from "../support/projected.ts";
import { watch } from "../support/socket.ts";

/** Ada overstays into Bob's booking, which wants a check-in within a quarter of an hour. */
async function overstayed() {
  const machine = await TestMachine.open({ projected: false, policy: { check_in: "required", grace_minutes: 15 } });
  const [first, second] = [
    await machine.booked(machine.ada, slot(0, 1)),
    await machine.booked(machine.bob, slot(1, 2)),
  ];
  await machine.setClock(MORNING + 1);
  const started = await machine.start(machine.ada, first.id);
  if (!started.ok || !started.session) throw new Error("not started");
  return { machine, session: started.session, waiting: second };
}

describe("whoever cannot begin because the one before overstays", () => {
  test("is no no-show, and has their grace when the machine is free", async () => {
    const { machine, session, waiting } = await overstayed();
    await machine.setClock(MORNING + HOUR + 5 * MINUTE);
    expect(refusalOf(await machine.start(machine.bob, waiting.id)).code).toBe("equipment_busy");
    await machine.setClock(MORNING + HOUR + 29 * MINUTE);
    expect((await machine.read(waiting.id)).status).toBe("approved");
    await machine.end(machine.ada, session.id);
    await machine.setClock(MORNING + HOUR + 43 * MINUTE);
    expect((await machine.read(waiting.id)).status).toBe("approved");
    await machine.setClock(MORNING + HOUR + 45 * MINUTE);
    expect((await machine.read(waiting.id)).status).toBe("no_show");
  });

  test("has it taken back when their whole time went by", async () => {
    const { machine, waiting } = await overstayed();
    await machine.setClock(MORNING + 2 * HOUR + MINUTE);
    expect(await machine.read(waiting.id)).toMatchObject({
      status: "cancelled",
      note: expect.stringContaining("in use"),
    });
  });
});

test("a pending booking lives no longer by being moved to and fro", async () => {
  const machine = await TestMachine.open({ projected: false, policy: { approval: "staff", pending_ttl_minutes: 60 } });
  const booked = await machine.booked(machine.ada, slot(24, 25));
  await machine.setClock(MORNING - HOUR + 50 * MINUTE);
  const longer = reservationOf(await machine.amend(machine.ada, booked, { ends_at: booked.ends_at + 15 * MINUTE }));
  const back = reservationOf(await machine.amend(machine.ada, longer, { ends_at: booked.ends_at }));
  expect(back.expires_at).toBe(booked.expires_at);
});

describe("where a buffer is kept", () => {
  const buffered = () => TestMachine.open({ projected: false, policy: { buffer_minutes: 15 } });

  test("what is shown as free can be booked, right up to its end", async () => {
    const machine = await buffered();
    await machine.booked(machine.bob, slot(2, 3));
    const { free, busy } = await machine.stub.availability(slot(0, 4).starts_at, slot(0, 4).ends_at);
    expect(busy.map(({ because }) => because)).toEqual(["buffer", "reservation", "buffer"]);
    for (const stretch of free) expect((await machine.reserve(machine.ada, stretch)).ok).toBe(true);
  });

  test("a refusal says how far apart", async () => {
    const machine = await buffered();
    await machine.booked(machine.bob, slot(1, 2));
    const { reasons } = refusalOf(await machine.reserve(machine.ada, slot(2, 3)));
    expect(reasons[0]).toMatchObject({
      fix: expect.stringContaining("15 minutes apart"),
      limit: { buffer_minutes: 15 },
    });
  });
});

test("the clock goes on while a D1 hangs: what begins is shown", async () => {
  const machine = await TestMachine.open();
  await machine.setPorts({ ...noQueue, project: () => new Promise(() => {}) });
  await machine.booked(machine.ada, slot(0, 1));
  await machine.setClock(MORNING - 5_000);
  const client = await watch<MachineMessage>(() => machine.stub, { audience: "staff" });
  await client.until(1);
  const hasBegun = (): boolean =>
    client.heard.some((message) => "event" in message && message.event.type === "reservation.started");
  for (let waited = 0; waited < 10_000 && !hasBegun(); waited += 250) await scheduler.wait(250);
  expect(hasBegun()).toBe(true);
}, 20_000);
