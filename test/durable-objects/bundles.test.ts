/** Machines that are booked together: whatever breaks in between, all of them are booked or none. */

import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { EquipmentPort } from "../../src/modules/equipment/port.ts";
import { SECOND } from "../../src/platform/time.ts";
import {
  eventually,
  HOUR,
  MORNING,
  refusalOf,
  reservationOf,
  silentPorts,
  slot,
  TestMachine,
} from "../support/object.ts";

const ids = () => ({ bundle_id: crypto.randomUUID(), first: crypto.randomUUID(), second: crypto.randomUUID() });
const words = { purpose: "Frames", project_id: null, metadata: "{}", external_id: null };

/** Two machines of one makerspace; the first decides. Nothing but each other is around them. */
async function makePair() {
  const first = await TestMachine.open({ projected: false });
  const { makerspace_id } = first;
  const second = await TestMachine.open({ projected: false, makerspace_id });
  const machine = (id: string) => env.EQUIPMENT.getByName(`${makerspace_id}:${id}`) as unknown as EquipmentPort;
  const join = () => Promise.all([first.setPorts({ machine }), second.setPorts({ machine })]);
  await join();
  const { ada } = first;
  const names = ids();
  const time = slot(1, 2);
  const hold = () =>
    second.send(ada, {
      type: "hold_part",
      bundle_id: names.bundle_id,
      coordinator_id: first.equipment_id,
      reservation_id: names.second,
      ...time,
      ...words,
    });
  const commit = () =>
    first.send(ada, {
      type: "commit_bundle",
      bundle_id: names.bundle_id,
      parts: [{ equipment_id: second.equipment_id, reservation_id: names.second }],
      reservation_id: names.first,
      ...time,
      ...words,
    });
  const booked = async () => [
    (await first.stub.reservation(names.first))?.status ?? null,
    (await second.stub.reservation(names.second))?.status ?? null,
  ];
  /** So much time goes by on a machine, and its clock does what is due. */
  const wait = async (on: TestMachine, ms: number) => {
    await on.stub.setClockOffset(MORNING - HOUR + ms - Date.now());
    await on.alarm();
  };
  return { first, second, ada, time, names, hold, commit, booked, wait, join };
}

const away = () => {
  throw new Error("away");
};
const BOTH = ["approved", "approved"];
const NONE = [null, null];

describe("two machines that are booked together", () => {
  test("keep their slots until one decides for both, who then tells the other", async () => {
    const { first, second, ada, time, names, hold, commit, booked } = await makePair();
    expect((await hold()).ok).toBe(true);
    // Asked twice it keeps it once.
    expect((await hold()).ok).toBe(true);
    expect(await booked()).toEqual(NONE);
    expect(refusalOf(await second.reserve(second.bob, time)).code).toBe("slot_taken");
    expect(await second.stub.isKept(names.second)).toBe(true);
    // Who is about to have a booking keeps the machine.
    expect(refusalOf(await second.send(second.desk, { type: "retire" })).code).toBe("has_open_reservations");
    expect(reservationOf(await commit()).bundle_id).toBe(names.bundle_id);
    await first.alarm();
    await eventually(async () => (await booked()).join() === BOTH.join());
    expect(await first.stub.bundleParts(names.bundle_id)).toEqual([
      { equipment_id: second.equipment_id, reservation_id: names.second },
    ]);
    const { member_id, created_by, purpose } = await second.read(names.second);
    expect([member_id, created_by, purpose]).toEqual([ada.id, ada.id, "Frames"]);
    expect((await second.occupancy()).map(({ id }) => id)).toEqual([names.second]);
  });

  test("are free again when nobody decides: the one that keeps asks, and no decision comes any more", async () => {
    const { second, time, hold, commit, booked, wait } = await makePair();
    await hold();
    await wait(second, 20 * SECOND);
    expect(await second.occupancy()).toHaveLength(1);
    await wait(second, 31 * SECOND);
    await eventually(async () => (await second.occupancy()).length === 0);
    // The "no" is written down: without it this would book half of it.
    expect(refusalOf(await commit()).code).toBe("bundle_over");
    expect(await booked()).toEqual(NONE);
    await second.booked(second.bob, time);
  });

  test("are both booked when the one that decided could not say so: the other asks", async () => {
    const { first, second, hold, commit, booked, wait } = await makePair();
    await hold();
    await first.setPorts({ machine: away });
    reservationOf(await commit());
    await first.alarm();
    expect(await booked()).toEqual(["approved", null]);
    await wait(second, 31 * SECOND);
    await eventually(async () => (await booked()).join() === BOTH.join());
  });

  test("are both booked when the one that decided is evicted before it could say so", async () => {
    const { first, hold, commit, booked, wait, join } = await makePair();
    await hold();
    await first.setPorts({ machine: away });
    reservationOf(await commit());
    await evictDurableObject(first.stub);
    await first.setPorts(silentPorts);
    await join();
    await wait(first, 6 * SECOND);
    await eventually(async () => (await booked()).join() === BOTH.join());
  });

  test("wait as long as one cannot be asked, and never go by time alone", async () => {
    const { second, time, hold, commit, booked, wait, join } = await makePair();
    await hold();
    await second.setPorts({ machine: away });
    for (const passed of [31, 60, 600]) await wait(second, passed * SECOND);
    expect(refusalOf(await second.reserve(second.bob, time)).code).toBe("slot_taken");
    reservationOf(await commit());
    await join();
    await wait(second, 700 * SECOND);
    await eventually(async () => (await booked()).join() === BOTH.join());
  });

  test("keep nothing that its maker has given up; what comes late changes nothing", async () => {
    const { second, names, hold, commit, booked } = await makePair();
    await hold();
    await second.stub.releasePart(names.bundle_id);
    await second.stub.releasePart(names.bundle_id);
    expect(await second.occupancy()).toEqual([]);
    await hold();
    reservationOf(await commit());
    await eventually(async () => (await booked()).join() === BOTH.join());
    // A request that was on its way for long keeps the slot of what is booked already: it clashes with itself, or goes.
    reservationOf(await second.step(second.desk, "cancel", names.second));
    await hold();
    expect((await second.stub.confirmPart(names.bundle_id, names.second))?.status).toBe("cancelled");
    expect(await second.occupancy()).toEqual([]);
  });

  test("of which there is one leave nothing to be told", async () => {
    const { first, ada, names, time } = await makePair();
    const { bundle_id, first: reservation_id } = names;
    reservationOf(
      await first.send(ada, { type: "commit_bundle", bundle_id, parts: [], reservation_id, ...time, ...words }),
    );
    const timers = await first.inside((_, { storage }) =>
      storage.sql.exec("SELECT kind FROM timers WHERE ref = ?", bundle_id).toArray(),
    );
    expect(timers).toEqual([]);
  });

  test("take up what their member had kept on each of them", async () => {
    const { second, ada, names, time, hold } = await makePair();
    const kept = await second.send(ada, { type: "hold", hold_id: crypto.randomUUID(), ...time });
    expect(kept.ok).toBe(true);
    expect((await hold()).ok).toBe(true);
    expect((await second.occupancy()).map(({ id }) => id)).toEqual([names.second]);
  });

  test("give way where a machine went out of service in between", async () => {
    const { first, second, time, hold, commit, booked, names } = await makePair();
    await hold();
    const outage = { outage_id: crypto.randomUUID(), reason: "New tube", ...time, weekly: null, displaced: [] };
    expect((await second.send(second.desk, { type: "take_out", ...outage })).ok).toBe(true);
    await first.setPorts({ machine: away });
    reservationOf(await commit());
    expect((await second.stub.confirmPart(names.bundle_id, names.second))?.cancelled_by).toBe("outage");
    expect(await booked()).toEqual(["approved", "cancelled"]);
  });

  test("let nobody in who was turned away in between", async () => {
    const { first, second, ada, names, hold, commit, booked } = await makePair();
    await hold();
    await first.setPorts({ machine: away });
    reservationOf(await commit());
    await scheduler.wait(2);
    await second.send(second.desk, { type: "sweep_member", member_id: ada.id, note: "Suspended" });
    await second.stub.confirmPart(names.bundle_id, names.second);
    expect(await booked()).toEqual(["approved", "cancelled"]);
  });
});
